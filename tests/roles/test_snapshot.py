"""The role snapshot: a NORM log in, history out, whatever fails between."""

import asyncio
import zlib
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.book import Book, book_hash, canonical
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import Fenced, LogError, StoreError
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, Made, TradeEvent
from ledgerflux.model.units import rfc3339
from ledgerflux.ports import TradeRow
from ledgerflux.roles import checkpoints
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.runtime import write_feed
from ledgerflux.roles.snapshot import Snapshot, SnapshotOptions
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_store import MemoryStore
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.norm import batches, pack
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import DLQ, NORM, norm_subject

pytest_plugins = ["stores"]

V = "test"
BTC = "BTC-USD"
PARTITION = partition_of(BTC)
START_NS = 1_700_000_000 * 1_000_000_000
STEP_NS = 100_000_000
QUICK = SnapshotOptions(
    book_interval_s=1.0, prune_every_s=0.05, linger_s=0.01, idle_s=0.02, rows_max=50
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


@pytest.fixture
async def memory_bus():
    memory = MemoryBus()
    await write_feed(memory, conf())
    return memory


@pytest.fixture
async def log(memory_bus):
    return await Log(memory_bus).open()


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


def books_of(store):
    return sorted(store.shared.books.values(), key=lambda row: row.seq)


async def error_of(role):
    """The error that ended the role, out of its groups."""
    await until(role.task.done)
    error = role.task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def test_everything_of_the_log_is_stored_once_and_the_book_at_the_end(store, memory_bus):
    log = await Log(memory_bus).open()
    await log.grow(30)
    async with running(memory_bus, store) as role:
        await stored(store, log.number)
        await log.append(log.gap(), log.gap("level2"))
        await log.grow(30)
        await stored(store, log.number)
        assert role.vitals().partitions[0].norm == log.number
    assert await trades_of(store) == log.rows
    counts = await store.counts(V)
    assert (counts["trades"], counts["gaps"]) == (60, 2)
    assert 2 <= counts["books"] <= 9


async def test_book_rows_are_the_books_that_their_seq_says(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store):
        await log.grow(45)
        await stored(store, log.number)
    rows = books_of(store)
    assert [row.hash for row in rows] == [log.hashes[row.seq] for row in rows]
    assert {row.seq for row in rows} >= {45}
    assert 4 <= len(rows) <= 7
    text = canonical(log.book.bids(), log.book.asks())
    last = rows[-1]
    assert zlib.decompress(last.body) == text
    assert last[:4] == (V, BTC, "r1", 45)
    assert (last.receive_ns, last.state) == (START_NS + STEP_NS * 44, "live")


async def test_gaps_are_stored_with_what_is_known_of_them(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store):
        await log.append(log.gap())
        await stored(store, log.number)
    (row,) = store.shared.gaps.values()
    assert row == (
        V, BTC, "trades", "r1", 1, "upstream", "a hole missing=2 from_id=5 to_id=6", START_NS,
    )  # fmt: skip


async def test_restarts_repeat_and_lose_nothing(memory_bus, log):
    store = MemoryStore()
    for round_number in range(6):
        async with running(memory_bus, store):
            await log.grow(7)
            if round_number % 2:
                await stored(store, log.number)
            if round_number == 2:
                await log.save_checkpoint()
    async with running(memory_bus, store):
        await stored(store, log.number)
    assert await trades_of(store) == log.rows
    rows = books_of(store)
    assert [row.hash for row in rows] == [log.hashes[row.seq] for row in rows]


@pytest.mark.parametrize("held", [0, 5, 20, 33])
@pytest.mark.parametrize("checkpoint_at", [None, 1, 20, 30])
async def test_history_goes_on_from_its_position_and_books_from_the_checkpoint(
    memory_bus, log, held, checkpoint_at
):
    store = MemoryStore()
    for number in range(33):
        await log.grow(1)
        if number + 1 == checkpoint_at:
            await log.save_checkpoint()
        if number + 1 == held:
            async with running(memory_bus, store):
                await stored(store, log.number)
            store.shared.books.clear()
    async with running(memory_bus, store):
        await log.grow(1)
        await stored(store, log.number)
    assert await trades_of(store) == log.rows
    rows = books_of(store)
    assert [row.hash for row in rows] == [log.hashes[row.seq] for row in rows]
    assert rows[-1].seq == 34
    assert all(row.seq > max(held, checkpoint_at or 0) for row in rows)


async def test_an_absent_store_is_waited_for_and_reading_stops(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        await log.grow(1)
        await stored(store, log.number)
        await until(lambda: role.vitals().state == "ready")
        store.down = True
        await log.grow(400)
        await until(lambda: role.vitals().state == "degraded")
        vitals = role.vitals()
        assert "down" in vitals.reason
        (part,) = role._partitions
        await until(lambda: part._linger.full)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(part._pending.trades) + len(part._in_flight.trades) <= 2 * QUICK.rows_max
        await until(lambda: role.vitals().lag_records > 300)
        assert role.vitals().lag_ms > 0
        store.down = False
        await stored(store, log.number)
        await until(lambda: role.vitals().state == "ready")
        await until(lambda: role.vitals().lag_records == 0)
    assert await trades_of(store) == log.rows


async def test_a_large_book_counts_as_many_rows(memory_bus, log):
    options = QUICK._replace(book_interval_s=0.1)
    store = MemoryStore()
    async with running(memory_bus, store, options) as role:
        await log.grow(1)
        await stored(store, log.number)
        store.down = True
        for _ in range(300):
            await log.append(log.update())
        (part,) = role._partitions
        await until(lambda: part._linger.full)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(part._pending.books) <= QUICK.rows_max
        store.down = False
        await stored(store, log.number)


async def test_a_write_whose_answer_was_lost_is_not_repeated(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        for conflicts in range(1, 4):
            store.fail_write("lose-ack", "lose-write")
            await log.grow(3)
            await until(lambda: role.vitals().counts["conflicts"] == conflicts)  # noqa: B023
        await stored(store, log.number)
        assert role.vitals().counts["restarts"] == 0
    assert await trades_of(store) == log.rows


async def test_another_writer_at_the_same_history_disturbs_nothing(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as one, running(memory_bus, store.connect()) as two:
        for _ in range(20):
            await log.grow(5)
            await asyncio.sleep(0.01)
        await stored(store, log.number)
        conflicts = [role.vitals().counts["conflicts"] for role in (one, two)]
        assert sum(conflicts) > 0
    assert await trades_of(store) == log.rows


async def test_a_restored_database_is_filled_again_from_where_it_stands(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        await log.grow(20)
        await stored(store, log.number)
        store.shared.positions[V, PARTITION] = (8, 1)
        for key in [key for key in store.shared.trades if key[3] > 7]:
            del store.shared.trades[key]
        await log.grow(1)
        await until(lambda: role.vitals().counts["restarts"] == 1)
        await stored(store, log.number)
    assert await trades_of(store) == log.rows


async def test_a_newer_term_in_the_store_ends_the_role(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        await log.grow(2)
        await stored(store, log.number)
        store.shared.positions[V, PARTITION] = (log.number, 99)
        await log.grow(1)
        error = await error_of(role)
        assert isinstance(error, Fenced)
        assert "partition" in str(error)


async def test_a_log_that_lost_records_unread_is_declared(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store):
        await log.grow(3)
        await stored(store, log.number)
        kept = len(log.rows)
    await log.grow(20)
    memory_bus.truncate(NORM, keep_last=5)
    async with running(memory_bus, store) as role:
        await stored(store, log.number)
        assert role.vitals().counts["lost_records"] == 15
        await log.append(log.snapshot())
        await stored(store, log.number)
    assert await trades_of(store) == log.rows[:kept] + log.rows[-5:]
    gaps = sorted(store.shared.gaps.values())
    assert [(row.channel, row.seq, row.cause) for row in gaps] == [
        ("level2", 5, "store"),
        ("trades", 5, "store"),
    ]
    assert gaps[0].detail == "NORM records 5 to 19 were gone before they were stored"
    assert [row.seq for row in books_of(store)][-1] == 24


async def test_records_lost_while_the_store_was_away_are_declared_and_the_rest_stored(
    memory_bus, log
):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        await log.grow(3)
        await stored(store, log.number)
        store.down = True
        await log.grow(600)
        (part,) = role._partitions
        await until(lambda: part._linger.full)
        memory_bus.truncate(NORM, keep_last=5)
        store.down = False
        await stored(store, log.number)
        vitals = role.vitals()
        assert vitals.counts["lost_records"] + vitals.counts["trades"] == 603
        assert vitals.counts["lost_records"] > 100
    assert len(store.shared.gaps) == 2


async def test_a_log_that_went_backwards_is_read_again_whole(memory_bus, log):
    store = MemoryStore()
    await log.grow(30)
    async with running(memory_bus, store):
        await stored(store, log.number)
    await log.save_checkpoint()
    memory_bus.shared.streams[NORM].messages = memory_bus.shared.streams[NORM].messages[:12]
    again = await Log(memory_bus).open()
    del store.shared.trades[V, BTC, "r1", 3]
    again.seqs, again.book = dict(log.states[11][0]), log.book
    async with running(memory_bus, store) as role:
        await again.append(again.trade())
        await until(lambda: store.shared.positions[V, PARTITION][0] == again.number)
        assert role.vitals().counts["log_regressions"] == 1
    assert (V, BTC, "r1", 3) in store.shared.trades


async def test_a_row_that_can_not_be_stored_is_kept_elsewhere_and_passed(store, memory_bus):
    log = await Log(memory_bus).open()
    async with running(memory_bus, store) as role:
        await log.append(log.trade(), log.trade("a lot"), log.trade())
        await stored(store, log.number)
        await log.grow(2)
        await stored(store, log.number)
        await until(lambda: memory_bus.last(DLQ, f"md.dlq.{PARTITION:02d}.history"))
        assert role.vitals().counts["refused_rows"] == 1
    assert await trades_of(store) == [row for row in log.rows if row.price != "a lot"]
    letter = await memory_bus.last(DLQ, f"md.dlq.{PARTITION:02d}.history")
    head, _, row = letter.payload.partition(b"\n")
    assert msgspec.json.decode(head)["table"] == "trade"
    assert b"'a lot'" in row


async def test_a_record_that_can_not_be_read_ends_the_role(memory_bus, log):
    async with running(memory_bus, MemoryStore()) as role:
        await log.writer.append(draft(Kind.EVENTS, 1, b"nonsense", a=1, b=2))
        assert isinstance(await error_of(role), LogError)


async def test_old_books_are_deleted_now_and_then(memory_bus, log):
    store = MemoryStore()
    options = QUICK._replace(keep_books_s=3600)
    async with running(memory_bus, store, options) as role:
        await log.grow(40)
        await stored(store, log.number)
        await until(lambda: role.vitals().counts["pruned_books"] > 2 and not store.shared.books)
        store.down = True
        await asyncio.sleep(0.1)
        store.down = False
        await log.grow(20)
        await stored(store, log.number)
        await until(lambda: not store.shared.books)
    assert len(await trades_of(store)) == 60


async def test_a_start_waits_for_store_source_and_log(memory_bus, log):
    store = MemoryStore()
    bus = MemoryBus()
    store.down = True
    async with running(bus, store) as role:
        await until(lambda: role.vitals().reason == "the store is down")
        assert role.vitals().state == "starting"
        store.down = False
        await until(lambda: role.vitals().reason == "waiting for a source")
        await write_feed(bus, conf("ETH-USD", BTC))
        await until(lambda: role.vitals().state == "ready")
        vitals = role.vitals()
        assert vitals.run == "r1"
        held = {part.partition: part.products for part in vitals.partitions}
        assert held[PARTITION] == [BTC]
        assert len(held) == 2


async def test_other_products_mean_other_partitions(memory_bus, log):
    store = MemoryStore()
    ether = await Log(memory_bus, "ETH-USD").open()
    async with running(memory_bus, store) as role:
        await log.grow(5)
        await stored(store, log.number)
        await write_feed(memory_bus, conf(run="r2"))
        await until(lambda: role.vitals().run == "r2")
        await write_feed(memory_bus, conf(BTC, "ETH-USD", run="r2"))
        await ether.grow(5)
        await log.grow(5)
        await until(lambda: len(store.shared.trades) == 15)
        assert role.vitals().counts["trades"] == 15


async def test_a_store_that_refuses_for_good_ends_the_role(memory_bus):
    class Newer(MemoryStore):
        async def prepare(self):
            error = StoreError("made by a newer version", code="schema_newer")
            error.retryable = False
            raise error

    async with running(memory_bus, Newer()) as role:
        assert (await error_of(role)).code == "schema_newer"


async def test_a_drain_without_a_store_ends_soon_and_the_next_start_goes_on(memory_bus, log):
    store = MemoryStore()
    async with running(memory_bus, store) as role:
        await log.grow(3)
        await stored(store, log.number)
        store.down = True
        await log.grow(3)
        await until(lambda: role.vitals().state == "degraded")
        async with asyncio.timeout(2):
            role.task.cancel()
            await asyncio.gather(role.task, return_exceptions=True)
    store.down = False
    async with running(memory_bus, store):
        await stored(store, log.number)
    assert await trades_of(store) == log.rows
