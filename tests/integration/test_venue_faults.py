"""ingest and normalize before a venue that closes, flaps, stalls and refuses, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
from roles_support import Pipeline
from venue_server import Venue
from websockets.asyncio.server import serve

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.adapters.ws_feed import WsFeed
from ledgerflux.core.sharding import partition_of
from ledgerflux.model.stream import Gap
from ledgerflux.roles.ingest import Ingest
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.fault_proxy import FaultProxy
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.session import SessionClose, decode_note
from ledgerflux.wire.subjects import RAW, raw_subject

NAME = "coinbase-advanced"
PRODUCTS = ("BTC-USD", "ETH-USD")
BTC, ETH = PRODUCTS
LIMIT_S = 20.0
_gaps = msgspec.json.Decoder(list[Gap])


class Feed(Pipeline):
    """Both roles, in real time, over an in-memory bus, to a venue behind the proxy."""

    def __init__(self, venue, proxy, source):
        super().__init__(NAME, list(PRODUCTS), [])
        self.venue, self.proxy = venue, proxy
        clock = SystemClock()
        self.conf = msgspec.structs.replace(
            self.conf, url=f"ws://127.0.0.1:{proxy.port}/", source=source
        )
        self.ingest = Ingest(self.bus.connect(), clock, WsFeed(), writer="i", random=lambda: 0.5)
        self.normalize = Normalize(self.bus.connect(), clock, shard=0, shards=1, writer="n")

    @property
    def states(self):
        parts = self.normalize.vitals().partitions
        return {name: state for part in parts for name, state in part.states.items()}

    @property
    def heard_beats(self):
        return all(part._silence_s is not None for part in self.ingest._partitions)

    def gaps(self, product, channel="level2"):
        batches = self.batches(product)
        return [
            gap
            for batch in batches
            if (batch.channel, batch.type) == (channel, "gap")
            for gap in _gaps.decode(batch.body)
        ]

    async def until(self, condition, what=""):
        try:
            async with asyncio.timeout(LIMIT_S):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not in time: {what} {self.states}") from None

    async def live(self):
        await self.until(
            lambda: (
                self.states == dict.fromkeys(PRODUCTS, "live")
                and self.ingest.vitals().state == "ready"
            ),
            "live",
        )

    async def right(self):
        """Stop the market, and hold the books to the venue's own."""
        self.venue.books = {product: dict(book) for product, book in self.venue.books.items()}
        self.venue.silent = True
        made = {
            p: s for part in self.normalize._partitions for p, s in part.machine.products.items()
        }
        await self.until(
            lambda: all(
                [list(level) for level in made[p].book.bids()] == self.venue.bids(p)
                for p in PRODUCTS
            ),
            "books as the venue has them",
        )

    def trade_ids(self, product):
        """Return ids told, and ids that gaps name."""
        told = [
            event["trade_id"]
            for batch in self.batches(product)
            if batch.type == "trade"
            for event in msgspec.json.decode(batch.body)
        ]
        named = [
            trade_id
            for gap in self.gaps(product, "trades")
            for trade_id in range(gap.from_id, gap.to_id + 1)
        ]
        return told, named

    def closes(self, product=BTC):
        subject = raw_subject(partition_of(product), NAME)
        records = [
            decode(stored.payload)
            for stored in self.bus.shared.streams[RAW].messages
            if stored.subject == subject
        ]
        found = [decode_note(r.body) for r in records if r.kind is Kind.SESSION]
        return [note for note in found if isinstance(note, SessionClose)]


@asynccontextmanager
async def feeding(source="synthetic:1"):
    async with Venue.running(*PRODUCTS) as venue, FaultProxy.to("127.0.0.1", venue.port) as proxy:
        feed = Feed(venue, proxy, source)
        await write_feed(feed.bus, feed.conf)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(role.run()) for role in (feed.ingest, feed.normalize)]
            try:
                await feed.live()
                yield feed
            finally:
                for task in tasks:
                    task.cancel()


def assert_no_trade_is_missing(feed, product):
    """Each trade was told, or is one that a gap names; a quiet product may have had none."""
    told, named = feed.trade_ids(product)
    ids = sorted([*told, *named])
    assert not told or ids == list(range(min(told), max(told) + 1))


def assert_one_gap_each(feed, reason):
    for product in PRODUCTS:
        (gap,) = feed.gaps(product)
        assert (gap.cause, gap.state) == ("upstream", "stale")
        assert reason in gap.detail
        assert len(feed.gaps(product, "trades")) <= 1
        assert_no_trade_is_missing(feed, product)


@pytest.mark.parametrize("code", [1000, 1001, 1012])
async def test_after_any_goodbye_it_connects_again_with_one_gap_and_right_books(code):
    async with feeding() as feed:
        await feed.venue.close_all(code, "maintenance")
        await feed.until(lambda: all(feed.gaps(product) for product in PRODUCTS), "gaps")
        await feed.live()
        await feed.right()
        assert_one_gap_each(feed, f"closed with {code} maintenance")
        assert feed.venue.sessions_total == 4
        assert feed.closes()[0].complete, "a goodbye proves that nothing before it is missing"


@pytest.mark.parametrize("reset", [True, False])
async def test_after_a_cut_it_connects_again_with_one_gap_and_right_books(reset):
    async with feeding() as feed:
        feed.proxy.cut(reset=reset)
        await feed.until(lambda: all(feed.gaps(product) for product in PRODUCTS), "gaps")
        await feed.live()
        await feed.right()
        assert_one_gap_each(feed, "1006")
        assert not feed.closes()[0].complete


async def test_while_it_is_refused_it_says_so_and_then_connects_again():
    async with feeding() as feed:
        await feed.proxy.refuse()
        feed.proxy.cut()
        await feed.until(lambda: "can't be reached" in feed.ingest.vitals().reason, "the reason")
        vitals = feed.ingest.vitals()
        assert vitals.state == "degraded"
        assert BTC in vitals.reason
        await feed.until(lambda: feed.ingest.vitals().counts["reconnects"] >= 6, "tries")
        await feed.proxy.accept()
        await feed.live()
        await feed.right()
        assert_one_gap_each(feed, "1006")
        assert feed.venue.sessions_total == 4


async def test_a_socket_that_brings_nothing_any_more_is_noticed_by_its_heartbeats(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.LOCAL_STALL_S", 0.6)
    async with feeding() as feed:
        await feed.until(lambda: feed.heard_beats, "heartbeats on every socket")
        feed.proxy.stall("down")
        await feed.until(lambda: all(feed.gaps(product) for product in PRODUCTS), "gaps")
        assert feed.proxy.connections_total >= 2
        feed.proxy.heal()
        await feed.live()
        await feed.right()
        assert_one_gap_each(feed, "silent for 0.6 s")


@asynccontextmanager
async def dripping():
    """A venue that lets everybody in and sends one frame, a byte at a time; yield its port."""

    async def drip(socket):
        socket.transport.write(b"\x81\x7e\xff\xff")  # 65,535 bytes are to follow
        while not socket.transport.is_closing():
            socket.transport.write(b" ")
            await asyncio.sleep(0.02)

    async with serve(drip, "127.0.0.1", 0, close_timeout=0.2) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_frame_that_drips_is_no_sign_of_life(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.SILENCE_S", 0.4)
    async with dripping() as port:
        pipeline = Pipeline(NAME, [BTC], [])
        conf = msgspec.structs.replace(pipeline.conf, url=f"ws://127.0.0.1:{port}/", source=NAME)
        await write_feed(pipeline.bus, conf)
        ingest = Ingest(pipeline.bus, SystemClock(), WsFeed(), writer="i", random=lambda: 0.5)
        task = asyncio.create_task(ingest.run())
        try:
            async with asyncio.timeout(LIMIT_S):
                while "silent for 0.4 s" not in ingest.vitals().reason:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_replay_may_be_silent_as_long_as_it_likes(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.LOCAL_STALL_S", 0.1)
    async with feeding("replay:day") as feed:
        await feed.until(lambda: feed.venue.beats >= 2, "heartbeats")
        feed.venue.silent = True
        await asyncio.sleep(0.5)  # nothing is to happen in this time
        assert feed.venue.sessions_total == 2
        assert feed.states == dict.fromkeys(PRODUCTS, "live")


async def test_a_flapping_venue_costs_one_gap_a_loss_and_no_storm_of_requests():
    async with feeding() as feed:
        losses = 4
        for loss in range(1, losses + 1):
            await feed.venue.close_all(1012)
            await feed.until(
                lambda n=loss: all(len(feed.gaps(p)) == n for p in PRODUCTS), f"gap {loss}"
            )
            await feed.live()
        await feed.right()
        assert feed.venue.sessions_total == 2 * (losses + 1)
        for part in feed.ingest._partitions:
            assert part._backoff.failures == losses, "seconds of clean data are no calm"
        for product in PRODUCTS:
            assert_no_trade_is_missing(feed, product)


async def test_requests_to_a_venue_are_never_more_than_eight_in_a_second():
    async with feeding(NAME) as feed:
        await feed.venue.close_all(1001)
        await feed.until(lambda: all(feed.gaps(product) for product in PRODUCTS), "gaps")
        await feed.live()
        asked = feed.venue.requests
        await feed.until(lambda: len(asked) == 12, "three channels, two sockets, twice")
        times = [at for at, _ in asked]
        for start in times:
            assert sum(start <= at < start + 0.95 for at in times) <= 8


async def test_a_hole_in_the_numbers_is_one_gap_and_mended_on_the_same_socket():
    async with feeding() as feed:
        feed.venue.holes = 1
        await feed.until(lambda: feed.gaps(BTC) or feed.gaps(ETH), "a gap")
        await feed.live()
        await feed.right()
        gaps = [*feed.gaps(BTC), *feed.gaps(ETH)]
        assert [(gap.missing, gap.state) for gap in gaps] == [(1, "suspect")]
        assert feed.venue.sessions_total == 2
