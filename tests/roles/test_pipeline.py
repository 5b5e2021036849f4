"""ingest and normalize together over an in-memory bus: recordings through the real path."""

import asyncio
import json

import msgspec
import pytest
from recordings import received, recording
from reference import rebuild

from ledgerflux.core.book import Book
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import FeedError
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, TradeEvent
from ledgerflux.roles.ingest import Ingest
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire import norm
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.subjects import NORM, norm_subject


class ScriptedFeed:
    """Sockets that bring given frames once subscribed; a None ends the socket."""

    def __init__(self, frames):
        self.frames = list(frames)
        self.sent = []
        self.opened = 0
        self.done = asyncio.Event()

    async def connect(self, url):
        self.opened += 1
        return ScriptedConnection(self)


class ScriptedConnection:
    def __init__(self, feed):
        self.feed = feed

    async def send(self, frame):
        self.feed.sent.append(json.loads(frame))

    async def receive(self):
        await asyncio.sleep(0)
        if not self.feed.frames:
            self.feed.done.set()
            await asyncio.Event().wait()
        frame = self.feed.frames.pop(0)
        if frame is None:
            raise FeedError("closed with 1001")
        return frame

    async def close(self):
        pass


class Pipeline:
    """The two roles over one bus, run until all frames are through."""

    def __init__(self, venue, products, frames, channels=("level2", "trades", "heartbeats")):
        self.bus = MemoryBus()
        self.clock = ManualClock()
        self.feed = ScriptedFeed(frames)
        self.conf = FeedConf(
            venue=venue,
            url="ws://test",
            source="replay:test",
            run="r1",
            products=products,
            channels=list(channels),
        )
        self.ingest = Ingest(
            self.bus.connect(), self.clock, self.feed, writer="i", random=lambda: 0.5
        )
        self.normalize = Normalize(self.bus.connect(), self.clock, shard=0, shards=1, writer="n")

    async def run(self):
        await write_feed(self.bus, self.conf)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.ingest.run()),
                group.create_task(self.normalize.run()),
            ]
            await self.feed.done.wait()
            while not self.through():
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()

    def through(self):
        raw = {part.partition: part.raw for part in self.ingest.vitals().partitions}
        done = {part.partition: part.raw for part in self.normalize.vitals().partitions}
        return raw == done and not self.ingest.vitals().lag_records

    def batches(self, product):
        subject = norm_subject(partition_of(product), self.conf.venue)
        found, upto = [], 0
        for stored in self.bus.shared.streams[NORM].messages:
            if stored.subject != subject:
                continue
            record = decode(stored.payload)
            if record.number:
                assert record.a == upto
                upto = record.b
            if record.kind is Kind.EVENTS:
                found += [b for b in norm.unpack(record.body) if b.product == product]
        return found


class Client:
    """Applies a product's batches the way a client must, checking every number."""

    def __init__(self):
        self.book = Book()
        self.live = False
        self.seqs = {}
        self.trades = []
        self.gaps = []
        self.snapshots = 0

    def take(self, batch):
        assert batch.first_seq == self.seqs.get((batch.epoch, batch.channel), 0) + 1
        self.seqs[batch.epoch, batch.channel] = batch.last_seq
        kinds = {
            "snapshot": Level2Snapshot,
            "update": Level2Update,
            "gap": Gap,
            "trade": TradeEvent,
        }
        if batch.type not in kinds:
            return
        for event in msgspec.json.decode(batch.body, type=list[kinds[batch.type]]):
            match event:
                case Level2Snapshot():
                    self.book.replace(event.bids, event.asks)
                    self.live = True
                    self.snapshots += 1
                case Level2Update():
                    assert self.live
                    self.book.apply(event.changes)
                    assert not self.book.crossed()
                case Gap():
                    self.gaps.append((batch.channel, event))
                    self.live = self.live and batch.channel != "level2"
                case TradeEvent():
                    self.trades.append((event.trade_id, event.price, event.size))


ADVANCED = ["live", "reconnect", "trades"]


@pytest.mark.parametrize("name", ADVANCED)
async def test_an_advanced_recording_ends_with_the_reference_book(name):
    name = f"coinbase-advanced-20260809-btcusd-{name}"
    frames, conn = [], "coinbase-1"
    for line in received(name):
        if line["conn"] != conn:
            frames.append(None)
            conn = line["conn"]
        frames.append(line["raw"].encode())
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], frames)
    await pipeline.run()
    client = Client()
    for batch in pipeline.batches("BTC-USD"):
        client.take(batch)
    reference = rebuild(recording(name))
    book = reference.books["BTC-USD"]
    assert [list(level) for level in client.book.bids()] == book.bids()
    assert [list(level) for level in client.book.asks()] == book.asks()
    assert client.live
    trades = reference.trades.get("BTC-USD", {})
    assert client.trades == [(key, *trades[key]) for key in sorted(trades)]
    assert len([gap for gap in client.gaps if gap[0] == "level2"]) == name.count("reconnect")
    assert pipeline.normalize.vitals().counts["raw_frames"] == len(frames) - frames.count(None)


async def test_an_exchange_recording_ends_with_the_reference_books():
    name = "coinbase-exchange-l2-ticker-matches-20210417-6p"
    products = ["SKL-USD", "SKL-BTC", "BAND-BTC", "CRV-EUR", "YFI-BTC", "SKL-GBP"]
    reference = rebuild(recording(name))
    lines = [line["raw"].encode() for line in received(name)]
    for product in products:
        frames = [line for line in lines if b'"product_id":"%s"' % product.encode() in line]
        pipeline = Pipeline("coinbase-exchange", [product], frames, ("level2", "trades", "ticker"))
        await pipeline.run()
        client = Client()
        for batch in pipeline.batches(product):
            client.take(batch)
        book = reference.books[product]
        assert [list(level) for level in client.book.bids()] == book.bids()
        assert [list(level) for level in client.book.asks()] == book.asks()
        trades = reference.trades.get(product, {})
        assert client.trades == [(key, *trades[key]) for key in sorted(trades)]
        assert not client.gaps
