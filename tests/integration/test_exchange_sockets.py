"""The exchange as a plain WebSocket client sees it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from recordings import received, recording
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ledgerflux.adapters.market_plans import market_plan
from ledgerflux.adapters.state_file import StateFile
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.core.book import Book
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.roles.exchange import Exchange
from ledgerflux.roles.runtime import read_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.venues.registry import venue
from ledgerflux.venues.servers import server

LIVE = "coinbase-advanced-20260809-btcusd-live"
RECONNECT = "coinbase-advanced-20260809-btcusd-reconnect"
TRADES = "coinbase-advanced-20260809-btcusd-trades"
CLASSIC = "coinbase-exchange-l2-ticker-matches-20210417-6p"
ORDERS = "coinbase-exchange-full-20160312-btcusd"


@asynccontextmanager
async def exchange(tmp_path, source, products=None, **options):
    """Yield (role, bus, url) of an exchange that serves `source`."""
    plan = market_plan(source, products)
    ledger = StateFile(tmp_path / "exchange.state", plan.identity)
    bus = MemoryBus()
    role = Exchange(bus, SystemClock(), WsListener(), plan, ledger, **options)
    task = asyncio.create_task(role.run())
    try:
        async with asyncio.timeout(20):
            while (conf := await read_feed(bus)) is None:
                await asyncio.sleep(0.01)
        yield role, bus, conf.url
    finally:
        task.cancel()
        await asyncio.wait([task])
        ledger.close()


def ask(url):
    return connect(url, max_size=None, compression=None)


async def subscribe(socket, name, products, channels):
    for frame in venue(name).subscribe(products, channels):
        await socket.send(frame)


async def frames_until_end(role, socket):
    """Return what comes until the socket closes, or the market has ended and all is here."""
    frames = []
    while True:
        try:
            async with asyncio.timeout(0.3):
                frames.append(await socket.recv(decode=False))
        except TimeoutError:
            if role.vitals().counts["ended"]:
                return frames
        except ConnectionClosed:
            return frames


def without_numbers(dialect, frames):
    """Return frames with the digits of their number cut out."""
    places = [dialect.digits(frame) for frame in frames]
    return [
        frame if place is None else frame[: place[0]] + frame[place[1] :]
        for frame, place in zip(frames, places, strict=True)
    ]


def recorded_frames(dialect, name):
    """Return the received frames of a recording but acknowledgements."""
    frames = [line["raw"].encode() for line in received(name)]
    return [frame for frame in frames if not dialect.route(frame).acknowledgement]


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        (
            LIVE,
            [
                {"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]},
                {"type": "subscribe", "channel": "heartbeats"},
            ],
        ),
        (
            TRADES,
            [
                {"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]},
                {"type": "subscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]},
                {"type": "subscribe", "channel": "heartbeats", "product_ids": ["BTC-USD"]},
            ],
        ),
        (
            CLASSIC,
            [
                {
                    "type": "subscribe",
                    "product_ids": [
                        "SKL-USD",
                        "SKL-BTC",
                        "BAND-BTC",
                        "CRV-EUR",
                        "YFI-BTC",
                        "SKL-GBP",
                    ],
                    "channels": ["level2", "ticker", {"name": "matches"}],
                }
            ],
        ),
        (
            ORDERS,
            [{"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["full"]}],
        ),
    ],
)
async def test_a_recording_comes_byte_for_byte_and_gapless(tmp_path, name, requests):
    path = recording(name)
    async with exchange(tmp_path, f"replay:{path}", speed=None) as (role, bus, url):
        conf = await read_feed(bus)
        dialect = server(conf.venue)
        async with ask(url) as socket:
            for request in requests:
                await socket.send(json.dumps(request))
            frames = await frames_until_end(role, socket)
        acknowledgements, rest = frames[: len(requests)], frames[len(requests) :]
        assert all(dialect.route(frame).acknowledgement for frame in acknowledgements)
        expected = recorded_frames(dialect, name)
        assert without_numbers(dialect, rest) == without_numbers(dialect, expected)
        if conf.venue == "coinbase-advanced":
            numbers = [venue(conf.venue).sequence(frame) for frame in frames]
            assert numbers == list(range(len(frames)))
        else:
            assert rest == expected
        assert role.vitals().counts["sent"] == len(frames)


async def test_a_recorded_reconnect_is_one_for_the_client_and_nothing_is_lost(tmp_path):
    path = recording(RECONNECT)
    dialect = server("coinbase-advanced")
    sessions = []
    codes = []
    async with exchange(tmp_path, f"replay:{path}", speed=None) as (role, _, url):
        for _ in range(2):
            async with ask(url) as socket:
                await subscribe(socket, dialect.name, ["BTC-USD"], ["level2", "heartbeats"])
                sessions.append(await frames_until_end(role, socket))
                codes.append(socket.close_code)
        sent = role.vitals().counts["sent"]
    assert codes == [1001, None]
    numbers = [[venue(dialect.name).sequence(frame) for frame in frames] for frames in sessions]
    assert numbers == [list(range(len(frames))) for frames in sessions]
    own_snapshot = sessions[1][1]
    rest = sessions[0][2:] + sessions[1][3:]
    assert b'"snapshot"' in own_snapshot[:200]
    expected = without_numbers(dialect, recorded_frames(dialect, RECONNECT))
    assert without_numbers(dialect, rest) == expected
    assert sent == len(sessions[0]) + len(sessions[1])


def apply(book, frames):
    for frame in frames:
        for event in venue("coinbase-advanced").parse(frame).events:
            if isinstance(event, BookSnapshot):
                book.replace(event.bids, event.asks)
            elif isinstance(event, BookUpdate):
                book.apply(event.changes)
    return book.bids(), book.asks()


async def test_who_comes_in_the_middle_has_the_same_book_at_the_end(tmp_path):
    path = recording(TRADES)
    async with exchange(tmp_path, f"replay:{path}", speed=100.0) as (role, _, url):
        async with ask(url) as first, ask(url) as late:
            channels = ["level2", "trades", "heartbeats"]
            await subscribe(first, "coinbase-advanced", ["BTC-USD"], channels)
            frames = [await first.recv(decode=False) for _ in range(800)]
            await subscribe(late, "coinbase-advanced", ["BTC-USD"], ["level2"])
            whole, part = await asyncio.gather(
                frames_until_end(role, first), frames_until_end(role, late)
            )
        assert len(part) < len(whole)
        assert [json.loads(frame)["channel"] for frame in part[:2]] == ["subscriptions", "l2_data"]
        numbers = [venue("coinbase-advanced").sequence(frame) for frame in part]
        assert numbers == list(range(len(part)))
        assert apply(Book(), part) == apply(Book(), frames + whole)


async def test_a_book_asked_for_again_in_place_is_the_book_of_that_moment(tmp_path):
    name = "coinbase-advanced"
    async with (
        exchange(tmp_path, "synthetic:500", ["BTC-USD"]) as (_, _, url),
        ask(url) as socket,
    ):
        await subscribe(socket, name, ["BTC-USD"], venue(name).channels)
        book = Book()
        apply(book, [await socket.recv(decode=False) for _ in range(100)])
        await subscribe(socket, name, ["BTC-USD"], ["level2"])
        while True:
            frame = await socket.recv(decode=False)
            [event, *_] = venue(name).parse(frame).events
            if isinstance(event, BookSnapshot):
                break
            apply(book, [frame])
        assert (event.bids, event.asks) == (book.bids(), book.asks())


async def test_a_frame_that_is_wrong_is_answered_and_the_socket_stays(tmp_path):
    async with (
        exchange(tmp_path, "synthetic:100", ["BTC-USD"]) as (_, _, url),
        ask(url) as socket,
    ):
        await socket.send("nonsense")
        assert json.loads(await socket.recv())["type"] == "error"
        await socket.send(b"\xff\xfe")
        assert json.loads(await socket.recv())["type"] == "error"
        await subscribe(socket, "coinbase-advanced", ["BTC-USD"], ["level2"])
        assert json.loads(await socket.recv())["channel"] == "subscriptions"
