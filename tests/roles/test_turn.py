import asyncio
from itertools import count

from history_support import BTC, PARTITION, QUICK, Log, V
from raw_records import AT_NS, advanced, opening

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.roles.normalize_partition import NormalizePartition
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.snapshot_partition import SnapshotPartition
from ledgerflux.roles.turn import TURN_BYTES, Turn
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_store import MemoryStore
from ledgerflux.venues.registry import venue
from ledgerflux.wire.record import Kind, draft, pack_frames
from ledgerflux.wire.session import encode_note
from ledgerflux.wire.subjects import RAW, raw_subject

RECORDS = 100
RECORD_BYTES = 4096
IN_A_TURN = 2 * TURN_BYTES // RECORD_BYTES


def test_a_turn_is_over_after_so_many_bytes_in_however_many_records():
    turn = Turn()
    assert [turn.over(TURN_BYTES // 4) for _ in range(8)] == [False, False, False, True] * 2


def test_one_large_record_is_a_turn():
    turn = Turn()
    assert turn.over(10 * TURN_BYTES)
    assert not turn.over(TURN_BYTES - 1)
    assert turn.over(1)


async def most_in_a_turn(work, seen):
    """Run `work` until it has seen all records; return the most that another task waited for."""
    most = 0
    task = asyncio.create_task(work)
    try:
        async with asyncio.timeout(10):
            while seen() < RECORDS:
                before = seen()
                await asyncio.sleep(0)
                most = max(most, seen() - before)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return most


async def raw_log(bus, name):
    """Write `RECORDS` RAW records of about `RECORD_BYTES`."""
    writer = PartitionWriter(
        bus, SystemClock(), RAW, raw_subject(PARTITION, name), writer="ingest.0"
    )
    await writer.open()
    await writer.append(draft(Kind.SESSION, 0, encode_note(opening())))
    numbers = count()
    each = RECORD_BYTES // len(advanced(0, ("trade", BTC, 1000)))
    while writer.tail.number < RECORDS:
        taken = [next(numbers) for _ in range(each)]
        frames = [advanced(number, ("trade", BTC, 1000 + number)) for number in taken]
        body = pack_frames((AT_NS, frame) for frame in frames)
        await writer.append(draft(Kind.FRAMES, each, body))


async def test_a_normalizer_that_has_much_to_read_lets_others_have_their_turn():
    bus, dialect = MemoryBus(), venue("coinbase-advanced")
    await raw_log(bus, dialect.name)
    part = NormalizePartition(bus, SystemClock(), dialect, PARTITION, writer="normalize.0")
    assert 0 < await most_in_a_turn(part.run(), lambda: part.raw_seen) <= IN_A_TURN


async def test_a_history_that_has_much_to_read_lets_others_have_their_turn():
    bus = MemoryBus()
    log = await Log(bus).open()
    for _ in range(RECORDS):
        await log.append(*[log.trade() for _ in range(20)])
    options = QUICK._replace(rows_max=10**6, linger_s=60.0)
    part = SnapshotPartition(bus, SystemClock(), MemoryStore(), V, PARTITION, (BTC,), options)
    bodies = [len(stored.payload) for stored in bus.shared.streams["MD_NORM"].messages]
    assert sum(bodies) > 4 * TURN_BYTES
    seen = lambda: part._pending.upto  # noqa: E731
    assert 0 < await most_in_a_turn(part.run(), seen) <= 2 * TURN_BYTES // min(bodies[2:])
