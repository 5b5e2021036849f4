"""The role snapshot: a NORM log in, history out, whatever fails between."""

import asyncio
import zlib

import msgspec
import pytest
from history_support import (
    BTC,
    PARTITION,
    QUICK,
    START_NS,
    STEP_NS,
    Log,
    V,
    conf,
    error_of,
    running,
    stored,
    trades_of,
    until,
)

from ledgerflux.core.book import canonical
from ledgerflux.errors import Fenced, StoreError
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_store import MemoryStore
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import DLQ, NORM, norm_subject


@pytest.fixture
async def memory_bus():
    memory = MemoryBus()
    await write_feed(memory, conf())
    return memory


@pytest.fixture
async def log(memory_bus):
    return await Log(memory_bus).open()


def books_of(store):
    return sorted(store.shared.books.values(), key=lambda row: row.seq)


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
    assert 1 < len(rows) <= 7  # how many depends on how the records came in batches
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
        V, BTC, "trades", "r1", 1, "upstream", "a hole", START_NS, 2, 5, 6,
    )  # fmt: skip


@pytest.mark.parametrize("killed", [False, True])
async def test_restarts_repeat_and_lose_nothing(memory_bus, log, killed):
    store = MemoryStore()
    for round_number in range(6):
        connection = store.connect()
        async with running(memory_bus, connection):
            await log.grow(7)
            if round_number % 2:
                await stored(store, log.number)
            if round_number == 2:
                await log.save_checkpoint()
            await log.grow(3)
            connection.down = killed
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


async def test_books_that_changed_since_the_checkpoint_are_stored_without_new_records(
    memory_bus, log
):
    store = MemoryStore()
    await log.grow(3)
    await log.save_checkpoint()
    await log.grow(3)
    async with running(memory_bus, store):
        await stored(store, log.number)
    store.shared.books.clear()
    async with running(memory_bus, store) as role:
        await until(lambda: role._partitions and role._partitions[0]._maker.seen == log.number)
    assert [row.hash for row in books_of(store)] == [log.hashes[6]]


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
    kept = again.seqs["level2"]
    assert store.shared.books[V, BTC, "r1", kept].hash == log.hashes[kept]


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


async def test_a_record_that_can_not_be_read_stops_its_partition_and_says_so(memory_bus, log):
    async with running(memory_bus, MemoryStore()) as role:
        await log.writer.append(draft(Kind.EVENTS, 1, b"nonsense", a=1, b=2))
        await until(lambda: role.vitals().state == "degraded")
        assert f"partition {PARTITION:02d} stopped: a NORM body" in role.vitals().reason
        assert role.vitals().counts["stops"] >= 1


async def test_bytes_that_are_no_record_stop_their_partition_and_say_so(memory_bus, log):
    async with running(memory_bus, MemoryStore()) as role:
        await log.grow(1)
        subject = norm_subject(PARTITION, V)
        await memory_bus.append(NORM, subject, b"hello from another program", expected_last=None)
        await until(lambda: role.vitals().counts["stops"] >= 2)  # it tries again: it is alive
        assert f"partition {PARTITION:02d} stopped: not a record" in role.vitals().reason


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
