import asyncio
import io
from contextlib import asynccontextmanager

import pytest
from processes import until

import ledgerflux.client
from ledgerflux.errors import GatewayError, LedgerFluxError
from ledgerflux.stack.run_dir import GatewayAddress, RunState
from ledgerflux_cli import live as module
from ledgerflux_cli.live import Live, rich_text

STATE = RunState(
    1, 2, "up", 3, "/d", "s", "process", {}, gateways=[GatewayAddress("ws://h/v1/ws", "http://h")]
)
HEAD = {"epoch": "e", "level2": 7, "trades": 1, "state": "live", "integrity": "sequence"}
STATUS = {
    "schema": "lf.status/1",
    "state": "healthy",
    "source": "synthetic:200",
    "durability": "process",
    "shards": [],
    "gaps": 0,
    "heads": {"BTC-USD": HEAD},
    "problems": [],
}


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Ticker:
    """A message of the ticker channel."""

    type = "ticker"
    product_id = "BTC-USD"

    def tickers(self):
        event = {"bid": "1.10", "bid_size": "2", "ask": "1.20", "ask_size": "3", "price": "1.15"}
        return [type("Event", (), event)]


@pytest.fixture
def gateway(monkeypatch):
    """Yield the answers of a gateway in order; the last one stays."""
    answers = [STATUS]

    def get_status(url):
        assert url == "http://h"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    class Client:
        async def subscribe(self, channel):
            assert channel == "ticker"

        async def __aiter__(self):
            yield ledgerflux.client.Reconnected("ws://h", 0, ())
            yield Ticker()
            raise GatewayError("gone")

    @asynccontextmanager
    async def connect(_):
        yield Client()

    monkeypatch.setattr(module, "get_status", get_status)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    monkeypatch.setattr(ledgerflux.client, "connect", connect)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return answers


async def drawn(stream, text, state=STATE):
    """Run live lines on `stream` until `text` appears there."""
    live = Live(stream)
    running = asyncio.create_task(live.run(state))

    async def appeared():
        return text in stream.getvalue() or running.done()

    await until(appeared)
    yield live
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_without_a_terminal_there_is_one_plain_line_a_second(gateway):
    gateway[:] = [STATUS, GatewayError("away"), STATUS]
    stream = io.StringIO()
    async for live in drawn(stream, "does not answer\nhealthy"):
        assert not live.above("other")
    line = "healthy · source synthetic:200 · durability process · - msg/s · gaps 0"
    assert stream.getvalue().startswith(f"{line}\nthe gateway does not answer\n{line}\n")


async def test_a_dumb_terminal_gets_plain_lines(gateway, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    async for _ in drawn(stream, "healthy"):
        pass
    assert "\x1b" not in stream.getvalue()


async def test_on_a_terminal_the_products_are_drawn_with_their_prices(gateway):
    stream = Terminal()
    async for live in drawn(stream, "1.15"):
        assert live.above("something happened")
    text = stream.getvalue()
    for word in ("BTC-USD", "1.10", "1.20", "sequence", "http://h", "something happened"):
        assert word in text
    assert not live.above("afterwards")


async def test_a_gateway_that_is_away_is_said_on_the_terminal(gateway):
    gateway[:] = [GatewayError("away")]
    stream = Terminal()
    async for _ in drawn(stream, "the gateway does not answer"):
        pass


async def test_a_gateway_that_wants_a_key_is_said_and_how_to_show_one(gateway):
    gateway[:] = [LedgerFluxError("show a token", code="auth_required")]
    for stream in (io.StringIO(), Terminal()):
        async for _ in drawn(stream, "lf up --token-file FILE"):
            pass


async def test_without_a_gateway_nothing_is_drawn(gateway):
    stream = io.StringIO()
    await Live(stream).run(RunState(1, 2, "up", 3, "/d", "s", "process", {}))
    assert stream.getvalue() == ""


def test_lines_become_one_text():
    text = rich_text([[("a", "good"), ("b", "plain")], [("c", "bad")]])
    assert text.plain == "ab\nc"
    assert [str(span.style) for span in text.spans] == ["green", "bold red"]
