"""Records found by number, in a stream shared with other partitions and writers' markers."""

import random

import pytest

from ledgerflux.roles.log_place import START, Place, head_number, place_after
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.record import Kind, decode, draft
from ledgerflux.wire.subjects import NORM, norm_subject

SUBJECT, OTHER = norm_subject(3, "test"), norm_subject(4, "test")


async def grown(seed):
    """A log of two partitions in random turns, whose writers change now and then."""
    chance, bus, clock = random.Random(seed), MemoryBus(), ManualClock()
    writers = {}
    for turn in range(60):
        subject = chance.choice((SUBJECT, OTHER))
        if subject not in writers or chance.random() < 0.2:
            writers[subject] = PartitionWriter(bus, clock, NORM, subject, writer=f"w{turn}")
            await writers[subject].open()
        await writers[subject].append(draft(Kind.EVENTS, 0, b"\n", a=0, b=0))
    return bus, writers[SUBJECT]


def held(bus):
    records = {}
    for stored in bus.shared.streams[NORM].messages:
        record = decode(stored.payload)
        if stored.subject == SUBJECT and record.number:
            place = Place(record.number, record.crc, stored.sequence, record.term)
            records[record.number] = place
    return records


@pytest.mark.parametrize("seed", range(8))
async def test_every_record_is_found_by_its_number(seed):
    bus, writer = await grown(seed)
    records = held(bus)
    for number, place in records.items():
        assert await place_after(bus, NORM, SUBJECT, number) == place
    assert await place_after(bus, NORM, SUBJECT, 0) == START
    assert await place_after(bus, NORM, SUBJECT, max(records) + 1) == START
    assert await head_number(bus, NORM, SUBJECT) == max(records) == writer.tail.number


async def test_a_record_that_fell_to_the_limit_means_the_start():
    bus, _ = await grown(1)
    bus.truncate(NORM, keep_last=20)
    records = held(bus)
    first = min(records)
    assert first > 1
    assert await place_after(bus, NORM, SUBJECT, first - 1) == START
    assert await place_after(bus, NORM, SUBJECT, first) == records[first]


async def test_an_empty_log_has_no_head():
    bus = MemoryBus()
    assert await place_after(bus, NORM, SUBJECT, 5) == START
    assert await head_number(bus, NORM, SUBJECT) == 0


async def claimed(bus):
    """Let a writer get as far as its marker."""
    writer = PartitionWriter(bus, ManualClock(), NORM, SUBJECT, writer="late")
    await writer._read_tail(writer.tail)
    await writer._mark()


async def test_while_a_writer_claims_the_head_is_what_it_knew():
    bus, writer = await grown(2)
    await claimed(bus)
    assert await head_number(bus, NORM, SUBJECT) == writer.tail.number
    number = writer.tail.number
    assert (await place_after(bus, NORM, SUBJECT, number)).number == number
    assert await place_after(bus, NORM, SUBJECT, number + 1) == START


async def test_while_the_first_writer_claims_there_is_no_head():
    bus = MemoryBus()
    await claimed(bus)
    assert await head_number(bus, NORM, SUBJECT) == 0
    assert await place_after(bus, NORM, SUBJECT, 1) == START
