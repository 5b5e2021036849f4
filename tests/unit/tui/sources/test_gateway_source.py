"""The dashboard's source against a real gateway over an in-memory log, and against nonsense."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tui_support import HandClock, a_replay, a_status, until

from ledgerflux.client import Missed
from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import read_message
from ledgerflux_tui.sources import gateway as module
from ledgerflux_tui.sources.base import Focus
from ledgerflux_tui.sources.gateway import GatewaySource
from ledgerflux_tui.state.view_state import ViewState


class Answered:
    """A client that grants everything and tells what it is given."""

    def __init__(self, *, refuse=()):
        self.url = "ws://h/v1/ws"
        self.asked = []
        self.told = asyncio.Queue()
        self.books = {}
        self.controlled = a_message(type="controlled", req_id=1, success=True)
        self._refuse = refuse

    async def subscribe(self, channel, products=None, **terms):
        if channel in self._refuse:
            raise GatewayError("no such product", code="unknown_product")
        self.asked.append(("+", channel, tuple(products or ()), terms))

    async def unsubscribe(self, channel, products=None):
        self.asked.append(("-", channel, tuple(products or ())))

    async def control(self, action, **params):
        self.asked.append((action, params))
        if isinstance(self.controlled, Exception):
            raise self.controlled
        return self.controlled

    def position(self, *_):
        return None

    def __aiter__(self):
        return self

    async def __anext__(self):
        found = await self.told.get()
        if isinstance(found, Exception):
            raise found
        return found


@asynccontextmanager
async def running(monkeypatch, clients):
    """Run a source over `clients`, one after the other; yield it and its state."""
    left = iter(clients)

    @asynccontextmanager
    async def connected(*_, **__):
        found = next(left, None)
        if found is None:
            raise GatewayError("nobody answers", code="gateway_unreachable")
        yield found

    monkeypatch.setattr(module, "connect", connected)
    monkeypatch.setattr(module, "get_json", lambda *_: {"data": []})
    source = GatewaySource(["ws://h/v1/ws"], now_ns=HandClock(), random=lambda: 0.0)
    state = ViewState()
    task = asyncio.create_task(source.run(state))
    try:
        yield source, state
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def a_message(**keys):
    import msgspec

    return read_message(msgspec.json.encode(keys))


def status_message(**more):
    return a_message(channel="system", type="status", data=a_status(**more))


async def test_it_asks_for_the_status_and_conflated_prices_of_all(monkeypatch):
    client = Answered()
    async with running(monkeypatch, [client]) as (_, state):
        client.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        assert client.asked[0][1] == "system"
        assert client.asked[1] == ("+", "ticker", (), {"conflate": "100ms"})
        await until(lambda: "BTC-USD" in state.markets.by_product)


async def test_a_focus_asks_for_the_details_of_one_product_and_the_next_leaves_them(monkeypatch):
    client = Answered()
    async with running(monkeypatch, [client]) as (source, state):
        source.focus(Focus("BTC-USD", 10, "5m"))
        await until(lambda: len(client.asked) == 5)
        assert client.asked[2:] == [
            ("+", "level2", ("BTC-USD",), {"depth": 10, "conflate": "100ms"}),
            ("+", "trades", ("BTC-USD",), {}),
            ("+", "candles", ("BTC-USD",), {"interval": "5m"}),
        ]
        assert state.tape.product == "BTC-USD"
        source.focus(Focus("SOL-USD"))
        await until(lambda: len(client.asked) == 11)
        assert client.asked[5:8] == [
            ("-", channel, ("BTC-USD",)) for channel in ("level2", "trades", "candles")
        ]
        assert state.candles.product == "SOL-USD"


async def test_a_refused_product_is_a_note_and_the_rest_goes_on(monkeypatch):
    client = Answered(refuse=("level2",))
    async with running(monkeypatch, [client]) as (source, state):
        source.focus(Focus("NO-SUCH"))
        await until(lambda: state.connection.note == "no such product")
        client.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")


async def test_a_lost_gateway_is_tried_again_and_its_attempts_are_counted(monkeypatch):
    first, second = Answered(), Answered()
    async with running(monkeypatch, [first]) as (_, state):
        first.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        first.told.put_nowait(GatewayError("gone", code="gateway_unreachable"))
        await until(lambda: state.connection.attempt >= 2)
        assert state.connection.phase == "lost"
        assert state.connection.why == "nobody answers"
        assert "BTC-USD" in state.markets.by_product, "what was known stays"
    async with running(monkeypatch, [first, second]) as (_, state):
        first.told.put_nowait(GatewayError("gone", code="gateway_unreachable"))
        second.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        assert state.connection.attempt == 0


@pytest.mark.parametrize(
    "document", [{}, {"heads": []}, a_status(heads={"BTC-USD": {}}), a_status(shards=[{}]), [1]]
)
async def test_a_status_that_is_nonsense_loses_the_gateway_and_not_the_dashboard(
    document, monkeypatch
):
    client = Answered()
    async with running(monkeypatch, [client]) as (_, state):
        client.told.put_nowait(a_message(channel="system", type="status", data=document))
        await until(lambda: state.connection.phase == "lost")
        assert state.connection.attempt >= 1


async def test_a_goodbye_is_told_at_once(monkeypatch):
    client = Answered()
    async with running(monkeypatch, [client]) as (_, state):
        client.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        client.told.put_nowait(a_message(type="goodbye", reason="restart"))
        await until(lambda: state.connection.phase == "lost")
        assert "restart" in state.connection.why


async def test_gaps_are_counted_where_they_are_shown(monkeypatch):
    async with running(monkeypatch, [Answered()]) as (source, state):
        source.focus(Focus("BTC-USD"))
        await until(lambda: state.tape.product == "BTC-USD")
        source._missed(Missed("level2", "BTC-USD", "r1", 3, 4, "upstream"))
        source._missed(Missed("trades", "BTC-USD", "r1", 3, 4, "upstream"))
        source._missed(Missed("trades", "ETH-USD", "r1", 3, 4, "upstream"))
        book = state.books.of("BTC-USD")
        assert book is not None
        assert (book.gaps_total, book.gap_cause, state.tape.gaps_total) == (1, "upstream", 1)


async def test_an_order_goes_to_the_gateway_and_its_answer_is_the_newest_of_the_replay(monkeypatch):
    client = Answered()
    async with running(monkeypatch, [client]) as (source, state):
        client.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        client.controlled = a_message(
            type="controlled", req_id=1, success=True, replay=a_replay(paused=True, state="paused")
        )
        assert await source.control("pause") == ""
        assert client.asked[-1] == ("pause", {})
        assert state.replay.paused
        client.controlled = a_message(type="controlled", req_id=2, success=True)
        assert await source.control("restart", service="normalize-1") == ""
        assert client.asked[-1] == ("restart", {"service": "normalize-1"})
        assert state.replay.paused


async def test_why_an_order_was_not_carried_out_is_said(monkeypatch):
    client = Answered()
    async with running(monkeypatch, [client]) as (source, state):
        assert await source.control("pause") == "the gateway is gone"
        client.told.put_nowait(status_message())
        await until(lambda: state.connection.phase == "open")
        client.controlled = GatewayError("this gateway is read-only", code="control_refused")
        assert await source.control("pause") == "this gateway is read-only"
        client.controlled = a_message(type="controlled", req_id=1, success=True, replay={"x": 1})
        assert await source.control("pause") == "the gateway's answer can't be read"
