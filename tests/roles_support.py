"""ingest and normalize over an in-memory bus with scripted sockets, and small markets."""

import asyncio
import json
from hashlib import sha256

import msgspec

from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import FeedError
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
        self.done = asyncio.Event()
        self.goodbye = False
        """Whether the venue closes when all is said, and lets nobody in again."""

    async def connect(self, url):
        if self.goodbye and self.done.is_set():
            raise FeedError("refused", code="feed_refused")
        return ScriptedConnection(self)


class ScriptedConnection:
    """One socket: the products it subscribed decide which frames it gets."""

    def __init__(self, feed):
        self.feed = feed
        self.products = set()
        self.place = 0
        self.sequence = -1
        self.closed = asyncio.Event()

    async def send(self, frame):
        request = json.loads(frame)
        self.feed.sent.append(request)
        self.products.update(request.get("product_ids", ()))

    async def receive(self):
        await asyncio.sleep(0)
        while self.place < len(self.feed.frames):
            frame = self.feed.frames[self.place]
            self.place += 1
            if frame is None:
                del self.feed.frames[: self.place]
                raise FeedError("closed with 1001")
            if isinstance(frame, bytes):
                return [frame]
            product, make = frame
            if product in self.products:
                self.sequence += 1
                return [make(self.sequence)]
        self.feed.done.set()
        if self.feed.goodbye:
            raise FeedError("closed with 1001")
        await self.closed.wait()
        raise FeedError("we closed", code="feed_lost")

    async def close(self):
        self.closed.set()


class Pipeline:
    """The two roles over one bus, run until all frames are through."""

    def __init__(self, venue, products, frames, channels=("level2", "trades", "heartbeats")):
        self.bus = MemoryBus()
        self.clock = ManualClock()
        self.feed = ScriptedFeed(frames)
        self.hold_ingest_after = None
        self.conf = FeedConf(
            venue=venue,
            url="ws://test",
            source="replay:test",
            run="r1",
            products=products,
            channels=list(channels),
        )
        self.ingest_bus = self.bus.connect()
        self.ingest = Ingest(self.ingest_bus, self.clock, self.feed, writer="i", random=lambda: 0.5)
        self.normalize = Normalize(self.bus.connect(), self.clock, shard=0, shards=1, writer="n")

    async def run(self, until=lambda: True):
        """Run until all frames are through, and `until` holds."""
        await write_feed(self.bus, self.conf)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.ingest.run()),
                group.create_task(self.normalize.run()),
            ]
            if self.hold_ingest_after:
                await self._hold()
            await self.feed.done.wait()
            while not (self.through() and until()):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()

    async def _hold(self):
        """Take the bus from ingest until its socket has brought everything."""
        while self.ingest_bus.appends_total < self.hold_ingest_after:
            await asyncio.sleep(0)
        self.ingest_bus.down = True
        await self.feed.done.wait()
        self.ingest_bus.down = False

    def through(self):
        raw = {part.partition: part.raw for part in self.ingest.vitals().partitions}
        done = {part.partition: part.raw for part in self.normalize.vitals().partitions}
        return raw == done and not any(part.inbox for part in self.ingest._partitions)

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
                batches = norm.unpack(record.body)
                assert record.items == sum(b.items for b in batches)
                found += [b for b in batches if b.product == product]
        return found


def digest_of(pipeline, product):
    """Return a hash of all events of `product`, however records grouped them; times left out."""
    digest = sha256()
    for batch in pipeline.batches(product):
        for event in msgspec.json.decode(batch.body):
            event.pop("ts_receive", None)
            digest.update(json.dumps([batch.channel, batch.type, event]).encode())
    return digest.hexdigest()


def advanced_frames(count):
    """Return a snapshot and `count` updates and trades of BTC-USD, then of ETH-USD, as makers."""
    frames = []
    for product in ("BTC-USD", "ETH-USD"):
        frames.append((product, _snapshot(product)))
        frames += [(product, _update(product, number)) for number in range(count)]
    return frames


def _frame(channel, sequence, events):
    body = {
        "channel": channel,
        "timestamp": "2026-08-09T05:23:42.000000Z",
        "sequence_num": sequence,
        "events": events,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _level(side, price, size):
    return {
        "side": side,
        "event_time": "2026-08-09T05:23:42Z",
        "price_level": price,
        "new_quantity": size,
    }


def _snapshot(product):
    levels = [_level("bid", f"{100 - n}.5", "1") for n in range(20)]
    levels += [_level("offer", f"{101 + n}.5", "1") for n in range(20)]
    event = {"type": "snapshot", "product_id": product, "updates": levels}
    return lambda sequence: _frame("l2_data", sequence, [event])


def _update(product, number):
    if number % 5 == 4:
        trade = {
            "trade_id": str(1000 + number // 5),
            "product_id": product,
            "price": "101.0",
            "size": f"0.{number + 1}",
            "side": "BUY",
            "time": "2026-08-09T05:23:42Z",
        }
        event = {"type": "update", "trades": [trade]}
        return lambda sequence: _frame("market_trades", sequence, [event])
    levels = [_level("bid", f"{100 - number % 20}.5", str(number % 7))]
    levels.append(_level("offer", f"{101 + number % 20}.5", f"{number % 11}.{number}"))
    event = {"type": "update", "product_id": product, "updates": levels}
    return lambda sequence: _frame("l2_data", sequence, [event])
