"""`lf sub` and `lf book` against a real gateway on loopback."""

import asyncio
import json
import subprocess
import sys
import threading
from contextlib import AsyncExitStack

import pytest
from gateway_support import NormLog, conf, on_sockets, until

from ledgerflux.core.book import book_hash
from ledgerflux.errors import ConfigError, GatewayError, NotRunning
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.gateway_messages import check
from ledgerflux_cli.app import run_command

KINDS = ["snapshot", "trade", "update"]


class Market:
    """A gateway in a thread of its own, and the log that feeds it."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.stack = AsyncExitStack()

    def start(self) -> None:
        self.thread.start()
        self.call(self._start())

    async def _start(self) -> None:
        await write_feed(self.bus, conf())
        self.log = await NormLog(self.bus).open()
        self.log.source.snapshot().trade()
        await self.log.write()
        self.gateway = await self.stack.enter_async_context(on_sockets(self.bus))

    def stop(self) -> None:
        self.call(self.stack.aclose())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(15)

    def write(self) -> None:
        self.call(self.log.write())

    def trade_when_subscribed(self) -> threading.Thread:
        """Trade three times once somebody has subscribed."""

        async def trade() -> None:
            await until(lambda: self.gateway.vitals().counts["subscriptions"] > 0)
            for _ in range(3):
                self.log.source.trade()
                await self.log.write()

        thread = threading.Thread(target=lambda: self.call(trade()))
        thread.start()
        return thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}"


@pytest.fixture
def market():
    made = Market()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "LF_DATA_DIR", "LF_GATEWAY", "LF_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        code = run_command(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_book_as_json_is_exactly_the_book(lf, market):
    code, out, _ = lf("book", "btc-usd", "--gateway", market.url, "--json", "--depth", "1")
    book = market.log.source.book
    assert code == 0
    assert json.loads(out) == {
        "schema": "lf.book/1",
        "venue": "coinbase-exchange",
        "product_id": "BTC-USD",
        "epoch": "run1",
        "seq": 1,
        "state": "live",
        "integrity": "none",
        "bids": [["100.5", "1"]],
        "asks": [["101", "3"]],
        "hash": book_hash(book.bids(), book.asks()),
        "ts_exchange": "2024-01-02T03:04:05.000000006Z",
        "ts_receive": "2024-01-02T03:04:05.000000006Z",
    }


def test_book_for_people_says_unproven_and_its_hash_is_one_line(lf, market):
    code, out, _ = lf("book", "BTC-USD", "--gateway", market.url, "--depth", "full")
    assert code == 0
    assert "live  unproven" in out
    assert "102.25" in out
    book = market.log.source.book
    assert lf("book", "BTC-USD", "--gateway", market.url, "--hash")[1] == (
        book_hash(book.bids(), book.asks()) + "\n"
    )


@pytest.mark.parametrize(("flag", "packed"), [("--compress", 1), ("--no-compress", 0)])
def test_lines_are_single_messages_whether_they_came_compressed_or_not(lf, market, flag, packed):
    asked = []

    async def write_together() -> None:
        await until(lambda: market.gateway.vitals().counts["subscriptions"] == 2)
        asked.append(market.gateway.vitals().counts["packed_clients"])
        market.log.source.update().update(("sell", "101.5", "2")).trade().update().trade()
        await market.log.write()

    writing = threading.Thread(target=lambda: market.call(write_together()))
    writing.start()
    channels = ("--channel", "level2", "--channel", "trades")
    code, out, _ = lf("sub", "--gateway", market.url, *channels, "--json", "--count", "3", flag)
    writing.join()
    assert (code, asked) == (0, [packed])
    for text in out.splitlines():
        check(text)
    kinds = [json.loads(text)["type"] for text in out.splitlines()]
    assert sorted(kind for kind in kinds if kind in KINDS) == KINDS


@pytest.mark.parametrize("command", [("book", "XXX-USD"), ("sub", "XXX-USD")])
def test_an_unknown_product_names_those_known(lf, market, command):
    code, out, err = lf(*command, "--gateway", market.url)
    assert (code, out) == (1, "")
    assert err == "error[unknown_product]: no product XXX-USD; served: BTC-USD\n"


@pytest.mark.parametrize("command", [("book", "BTC-USD"), ("sub", "BTC-USD")])
def test_without_a_gateway_the_exit_code_is_3(lf, command, tmp_path):
    code, _, err = lf(*command, "--data-dir", str(tmp_path / "none"))
    assert code == NotRunning.exit_code
    assert err.startswith("error[not_running]")
    code, _, err = lf(*command, "--gateway", "http://127.0.0.1:9")
    assert code == GatewayError.exit_code
    assert err.startswith("error[gateway_unreachable]")


@pytest.mark.parametrize(
    "arguments",
    [
        ("book", "BTC-USD", "--depth", "0"),
        ("book", "BTC-USD", "--depth", "some"),
        ("sub", "BTC-USD", "--channel", "books"),
        ("sub", "BTC-USD", "--until", "tomorrow"),
        ("sub", "BTC-USD", "--count", "0"),
        ("sub", "BTC-USD", "--duration", "soon"),
        ("sub", "BTC-USD", "--gateway", "nonsense"),
    ],
)
def test_a_wrong_argument_is_exit_2(lf, arguments):
    assert lf(*arguments)[0] == ConfigError.exit_code


def test_sub_as_json_writes_each_message_as_it_was_received(lf, market):
    trading = market.trade_when_subscribed()
    code, out, _ = lf(
        "sub", "BTC-USD", "--channel", "trades", "--gateway", market.url, "--json", "--count", "3"
    )
    trading.join()
    messages = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [message["type"] for message in messages] == [
        "welcome",
        "subscribed",
        "trade",
        "trade",
        "trade",
    ]
    for line in out.splitlines():
        check(line)


def test_sub_for_people_writes_a_line_for_each_event(lf, market):
    trading = market.trade_when_subscribed()
    code, out, _ = lf(
        "sub", "--channel", "trades", "--channel", "status", "--gateway", market.url, "--count", "4"
    )
    trading.join()
    assert code == 0
    assert "live  told" in out
    assert out.count("buy  0.1 at 100.75") == 3


def test_sub_ends_after_its_time(lf, market):
    code, out, _ = lf("sub", "BTC-USD", "--gateway", market.url, "--duration", "300ms", "--strict")
    assert code == 0
    assert "whole book (subscribe)" in out


def test_sub_until_a_replays_end_reads_everything(lf, market, monkeypatch):
    status = market.gateway.status

    def through():
        made = status()
        return made.model_copy(update={"replay": made.replay.model_copy(update={"through": True})})

    monkeypatch.setattr(market.gateway, "status", through)
    market.log.source.update()
    market.write()
    code, out, _ = lf(
        "sub", "BTC-USD", "--channel", "level2", "--channel", "trades", "--channel", "ticker",
        "--gateway", market.url, "--until", "replay-end", "--json", "--strict",
    )  # fmt: skip
    assert code == 0
    last = [json.loads(line) for line in out.splitlines()][-1]
    assert last["type"] in ("snapshot", "subscribed")
    assert not [line for line in out.splitlines() if '"pong"' in line]


def test_strict_sub_ends_with_7_at_a_live_book_that_is_crossed(lf, market):
    market.log.source.update(("buy", "200", "1"))
    market.write()
    code, _, err = lf("sub", "BTC-USD", "--gateway", market.url, "--strict", "--duration", "5s")
    assert code == 7
    assert "live and crossed" in err


def test_a_reader_that_goes_away_ends_sub_quietly(market):
    command = [sys.executable, "-m", "ledgerflux_cli", "sub", "BTC-USD", "--gateway", market.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        while process.poll() is None:
            market.log.source.update()
            market.write()
        assert process.stderr.read() == b""
    assert process.returncode == 0
