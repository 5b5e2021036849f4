"""A NORM log as a normalizer writes it, and the role snapshot running on it."""

import asyncio
from contextlib import asynccontextmanager, suppress

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.book import Book, book_hash
from ledgerflux.core.sharding import partition_of
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, Made, TradeEvent
from ledgerflux.model.units import rfc3339
from ledgerflux.ports import TradeRow
from ledgerflux.roles import checkpoints
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.snapshot import Snapshot, SnapshotOptions
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.norm import batches, pack
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import NORM, norm_subject

V = "test"
BTC = "BTC-USD"
PARTITION = partition_of(BTC)
START_NS = 1_700_000_000 * 1_000_000_000
STEP_NS = 100_000_000
QUICK = SnapshotOptions(
    book_interval_s=1.0,
    keep_books_s=1e9,
    prune_every_s=0.05,
    linger_s=0.01,
    idle_s=0.02,
    rows_max=50,
)


class Log:
    """A normalizer's NORM log of one product: each record a trade and a book update."""

    def __init__(self, bus, product=BTC, venue=V):
        self.bus = bus
        self.product = product
        self.venue = venue
        self.writer = PartitionWriter(
            bus, SystemClock(), NORM, norm_subject(partition_of(product), venue), writer="test"
        )
        self.book = Book()
        self.seqs = {"level2": 0, "trades": 0}
        self.rows = []
        self.hashes = {}
        self.states = {}

    async def open(self):
        await self.writer.open()
        return self

    @property
    def number(self):
        return self.writer.tail.number

    def _made(self, channel, kind, event):
        self.seqs[channel] += 1
        if channel == "level2":
            self.hashes[self.seqs["level2"]] = book_hash(self.book.bids(), self.book.asks())
        return Made(self.product, channel, kind, "r1", event)

    def _next(self, channel):
        return self.seqs[channel] + 1

    async def append(self, *events):
        body = pack(batches(events))
        await self.writer.append(draft(Kind.EVENTS, len(events), body, a=1, b=2))
        self.states[self.number] = (dict(self.seqs), self.book.bids(), self.book.asks())

    def snapshot(self):
        self.book.replace([("100", "1"), ("99", "2")], [("101", "3")])
        event = Level2Snapshot(
            self._next("level2"), None, self.now(), "resync", self.book.bids(), self.book.asks()
        )
        return self._made("level2", "snapshot", event)

    def update(self):
        change = ("buy", f"9{self._next('level2') % 10}.5", str(self._next("level2")))
        self.book.apply([change])
        event = Level2Update(self._next("level2"), None, self.now(), [change])
        return self._made("level2", "update", event)

    def trade(self, price="100.10"):
        seq = self._next("trades")
        self.rows.append(
            TradeRow(V, self.product, "r1", seq, seq, price, "1", "buy", None, self.now_ns())
        )
        event = TradeEvent(seq, seq, price, "1", "buy", "SELL", None, self.now())
        return self._made("trades", "trade", event)

    def gap(self, channel="trades"):
        event = Gap(
            self._next(channel), self.now(), "upstream", "live", "a hole", 2, from_id=5, to_id=6
        )
        return self._made(channel, "gap", event)

    def now_ns(self):
        return START_NS + STEP_NS * self.seqs["level2"]

    def now(self):
        return rfc3339(self.now_ns())

    async def grow(self, records):
        """Append records, the first of all with a snapshot."""
        for _ in range(records):
            book = self.update() if self.seqs["level2"] else self.snapshot()
            await self.append(book, self.trade())

    async def save_checkpoint(self):
        tail = self.writer.tail
        seqs, bids, asks = self.states[tail.number]
        product = ProductCheckpoint(
            product=self.product,
            epoch="r1",
            state="live",
            seqs={"ticker": 0, "status": 0} | seqs,
            last_trade_id=None,
            last_price=None,
            last_size=None,
            top=(None, None),
            bids=bids,
            asks=asks,
            book_exchange_ns=None,
            book_receive_ns=self.now_ns(),
        )
        saved = PartitionCheckpoint(
            partition=partition_of(self.product),
            venue=self.venue,
            run="r1",
            connection="c",
            channels=[],
            expected=None,
            raw_number=1,
            raw_crc=0,
            raw_sequence=1,
            norm_number=tail.number,
            norm_crc=tail.crc,
            norm_sequence=tail.sequence,
            counts={},
            products=[product],
        )
        await checkpoints.save(self.bus, saved)


def conf(*products, venue=V, run="r1"):
    return FeedConf(venue, "ws://x", "replay:x", run, list(products or (BTC,)), ["level2"])


@asynccontextmanager
async def running(bus, store, options=QUICK):
    """The role, cancelled at the end of the block, drained when the block is left."""
    role = Snapshot(bus, SystemClock(), store, options)
    task = asyncio.create_task(role.run())
    role.task = task
    try:
        yield role
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(condition, timeout_s=20):
    async with asyncio.timeout(timeout_s):
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return
            await asyncio.sleep(0.002)


async def stored(store, number):
    async def reached():
        return await store.position(V, PARTITION) >= number

    await until(reached)


async def trades_of(store):
    return [row async for row in store.trade_rows(V)]


async def error_of(role):
    """The error that ended the role, out of its groups."""
    await until(role.task.done)
    error = role.task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
