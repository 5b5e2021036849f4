"""The gateway's page against a gateway that says what a test wants: the one rule, gaps, age."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from browser import browsing

from ledgerflux.adapters.gateway_page import GatewayPage
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.errors import FeedError
from ledgerflux.ports import Response

pytestmark = pytest.mark.slow

HEAD = {"venue": "v", "product_id": "BTC-USD", "epoch": "e"}


def now():
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")


def snapshot(seq, bids, asks, *, part=1, parts=1, reason="subscribe", prev_seq=None, **more):
    return {
        "channel": "level2", "type": "snapshot", **HEAD, "prev_seq": prev_seq, "seq": seq,
        "depth": "full", "part": part, "parts": parts, "bids": bids, "asks": asks,
        "state": "live", "integrity": "sequence", "integrity_rule": "r", "reason": reason,
        "ts_exchange": None, "ts_receive": now(), "ts_publish": now(), **more,
    }  # fmt: skip


def update(prev_seq, seq, *changes, **more):
    event = {"seq": seq, "ts_exchange": None, "ts_receive": now(), "changes": changes}
    head = {"channel": "level2", "type": "update", **HEAD, "prev_seq": prev_seq, "seq": seq}
    return {**head, "ts_publish": now(), "data": [event], **more}


def trade(prev_seq, seq, price="1.5"):
    event = {
        "seq": seq, "trade_id": seq, "price": price, "size": "0.1", "side": "buy",
        "raw_side": "BUY", "ts_exchange": None, "ts_receive": now(),
    }  # fmt: skip
    head = {"channel": "trades", "type": "trade", **HEAD, "prev_seq": prev_seq, "seq": seq}
    return {**head, "ts_publish": now(), "data": [event]}


def gap(channel, from_seq, to_seq, **more):
    return {
        "channel": channel, "type": "gap", **HEAD, "from_seq": from_seq, "to_seq": to_seq,
        "cause": "upstream", "next": "snapshot", "detail": "a hole", "state": "suspect",
        "missing": 2, "from_id": None, "to_id": None, "ts_publish": now(), **more,
    }  # fmt: skip


class Gateway:
    """Grants what the page asks for; `tell` says more. Its level2 and trades begin at seq 10."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.client = None
        self.state = "live"
        self.beating = True

    async def serve(self, client) -> None:
        self.client = client
        await self.tell({"type": "welcome", "time": now(), "venue": "v", "source": "made"})
        beats = asyncio.create_task(self._beat(client))
        with suppress(FeedError):  # it is gone
            while True:
                await self._answer(json.loads(await client.receive()))
        beats.cancel()

    async def tell(self, *messages) -> None:
        for message in messages:
            await self.client.send(json.dumps(message))

    async def _beat(self, client) -> None:
        while True:
            head = {"epoch": "e", "level2": 1, "trades": 1, "state": self.state}
            beat = {"channel": "heartbeats", "type": "heartbeat", "ts_publish": now()}
            heads = {"BTC-USD": {**head, "integrity": "sequence"}}
            if self.beating:
                with suppress(FeedError):
                    await client.send(json.dumps({**beat, "counter": 1, "heads": heads}))
            await asyncio.sleep(0.2)

    async def _answer(self, request) -> None:
        channel = request["params"]["channel"]
        products = request["params"].get("product_ids", [])
        self.asked.append((request["method"], channel))
        streams = {name: {"epoch": "e", "seq": 10} for name in products}
        kind = f"{request['method']}d"
        answer = {"type": kind, "req_id": request["req_id"], "channel": channel}
        await self.tell({**answer, "product_ids": products, "streams": streams})
        if (kind, channel) == ("subscribed", "level2"):
            await self.tell(
                snapshot(10, [["9.9", "1"]], [["10.10", "2"]], parts=2),
                snapshot(10, [["9.75", "30"]], [["11", "0.25"]], part=2, parts=2),
            )


class Seen:
    """The page, asked from a thread of its own while the gateway speaks."""

    def __init__(self, page) -> None:
        self._page = page

    def __getattr__(self, name):
        async def call(*args, **kwargs):
            return await asyncio.to_thread(getattr(self._page, name), *args, **kwargs)

        return call

    async def shows(self, selector, *expected):
        """Wait until the elements of `selector` that show anything show this."""
        async with asyncio.timeout(40):
            while True:
                texts = [text for text in await self.texts(selector) if text]
                if texts == list(expected):
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
def browser(tmp_path):
    with browsing(tmp_path / "browser") as page:
        yield page


@asynccontextmanager
async def looking(browser):
    """Serve the page and look at it; yield both."""
    gateway, listener = Gateway(), WsListener()
    trades = {"schema": "lf.trades/1", "epoch": "e", "data": trade(8, 9, "1.25")["data"]}
    routes = {
        "/": GatewayPage(),
        "/v1/products/*": lambda _: Response(200, "application/json", json.dumps(trades).encode()),
    }
    serving = listener.serve("127.0.0.1", 0, routes, gateway.serve, websocket_paths=["/v1/ws"])
    async with serving as port:
        seen = Seen(browser)
        await seen.open(f"http://127.0.0.1:{port}/")
        await seen.shows("#asks .price", "11", "10.10")
        yield gateway, seen


async def test_levels_are_the_texts_of_the_gateway_and_sums_are_exact(browser):
    async with looking(browser) as (gateway, seen):
        await seen.shows("#bids .price", "9.9", "9.75")
        await seen.shows("#bids .total", "1.00", "31.00")
        await seen.shows("#mid", "10.000")
        await seen.shows("#spread", "0.20")
        await seen.shows("#points", "200.00 bp")
        await gateway.tell(
            update(10, 11, ["buy", "9.90", "0.10000000000000000001"], ["sell", "11", "0"]),
            update(11, 12, ["sell", "100000000000000000000000.5", "3"], ["buy", "9.75", "0.0"]),
        )
        await seen.shows("#bids .price", "9.90")
        await seen.shows("#bids .size", "0.10000000000000000001")
        await seen.shows("#bids .total", "0.10000000000000000001")
        await seen.shows("#asks .price", "100000000000000000000000.5", "10.10")
        await seen.shows("#violations", "0")
        await seen.shows("#trades .price", "1.25")
        await gateway.tell(trade(10, 11))
        await seen.shows("#trades .price", "1.5", "1.25")
        assert browser.complaints == []


async def test_a_gap_is_shown_and_the_book_is_live_again_only_with_a_snapshot(browser):
    async with looking(browser) as (gateway, seen):
        await seen.shows("#book-state", "live, proved by sequence")
        await gateway.tell(gap("level2", 11, 12), gap("trades", 11, 11, state="live"))
        await seen.shows("#book-state", "suspect, not proved now")
        await seen.shows("#gap-count", "2")
        told = await seen.texts("#gap-list li")
        assert "level2 BTC-USD: upstream, seq 11 to 12, 2 missing (a hole)" in told[1]
        await seen.shows("#trades .hole", "gap: upstream, seq 11 to 11, 2 missing")
        await gateway.tell(snapshot(13, [["1", "1"]], [["2", "1"]], reason="resync", prev_seq=12))
        await seen.shows("#bids .price", "1")
        await seen.shows("#book-state", "live, proved by sequence")
        await seen.shows("#violations", "0")


@pytest.mark.parametrize(
    "wrong",
    [
        update(11, 12, ["buy", "1", "1"]),
        update(10, 11, ["buy", "1", "1"], epoch="other"),
        gap("level2", 12, 12),
        gap("level2", 2, 2, epoch="other"),
        snapshot(12, [], [], reason="resync", prev_seq=11),
        snapshot(10, [], [], part=2, parts=2),
    ],
    ids=["update", "epoch", "gap", "gap-epoch", "snapshot", "part"],
)
async def test_what_does_not_continue_is_counted_and_the_stream_asked_for_again(browser, wrong):
    async with looking(browser) as (gateway, seen):
        before = len(gateway.asked)
        await gateway.tell(wrong, update(10, 11, ["buy", "5", "5"]))
        await seen.shows("#violations", "1")
        await seen.shows("#book-state", "live, proved by sequence")
        await seen.shows("#bids .price", "9.9", "9.75")
        assert gateway.asked[before:] == [("unsubscribe", "level2"), ("subscribe", "level2")]
        await gateway.tell(update(10, 11, ["buy", "9.8", "1"]))
        await seen.shows("#bids .price", "9.9", "9.8", "9.75")
        await seen.shows("#violations", "1")
        assert "violation: level2 BTC-USD was at e/10" in (await seen.texts("#gap-list li"))[0]


async def test_what_was_told_already_is_passed_over(browser):
    async with looking(browser) as (gateway, seen):
        await gateway.tell(update(9, 10, ["buy", "5", "5"]), update(10, 11, ["buy", "6", "1"]))
        await seen.shows("#bids .price", "9.9", "9.75", "6")
        await seen.shows("#violations", "0")


async def test_old_values_are_marked_and_fresh_ones_are_not(browser):
    async with looking(browser) as (gateway, seen):
        await seen.shows("#ladder.old #ladder-age", "2 s old")
        assert await seen.texts("#tape.old #tape-age")
        await seen.shows("#products button .age.old", "3 s")
        await gateway.tell(update(10, 11, ["buy", "9.8", "1"]), trade(10, 11))
        await seen.shows("#ladder.old")
        await seen.shows("#tape.old")
        hours = {"ts_receive": "2024-01-02T03:04:05.000000000Z"}
        await gateway.tell(snapshot(11, [["1", "1"]], [], reason="requested", **hours))
        await seen.shows("#bids .price", "1")
        assert (await seen.text("#ladder.old #ladder-age")).endswith(" h old")


async def test_a_gateway_that_falls_silent_is_a_lost_connection_and_comes_back(browser):
    async with looking(browser) as (gateway, seen):
        gateway.beating = False
        await seen.shows("#connection", "connection lost")
        await seen.shows("#bids .price", "9.9", "9.75")
        await seen.shows("#book-state", "stale, not proved now")
        assert "nothing was heard for 5 s" in await seen.text("#notice")
        gateway.beating = True
        await seen.shows("#connection", "connected")
        await seen.shows("#book-state", "live, proved by sequence")
        await seen.shows("#violations", "0")
