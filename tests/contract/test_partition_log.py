"""The append protocol, against memory and a real nats-server: nothing lost, nothing twice."""

import asyncio
import contextlib
import itertools

import pytest

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.errors import AppendInDoubt, AppendRefused, BusError, Fenced, LogError
from ledgerflux.roles.partition_reader import LiveReader, PartitionReader
from ledgerflux.roles.partition_writer import PartitionWriter, Tail
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.record import Kind, decode, draft, encode
from ledgerflux.wire.session import Marker, encode_note
from ledgerflux.wire.subjects import NORM, norm_subject

PARTITION = 9
names = itertools.count()


class FaultyBus:
    """A connection whose appends fail as scripted: after they landed, or before."""

    def __init__(self, bus):
        self._bus = bus
        self.script = []

    def __getattr__(self, name):
        return getattr(self._bus, name)

    async def append(self, stream, subject, payload, *, expected_last):
        fault = self.script.pop(0) if self.script else None
        if fault == "lose-append":
            raise AppendInDoubt("lost on the way")
        if fault == "refuse":
            raise AppendRefused("another was last")
        sequence = await self._bus.append(stream, subject, payload, expected_last=expected_last)
        if fault == "lose-ack":
            raise AppendInDoubt("the answer was lost")
        return sequence


@pytest.fixture
def faulty(bus):
    return FaultyBus(bus)


@pytest.fixture
def writer_of(venue):
    def make(bus):
        subject = norm_subject(PARTITION, venue)
        return PartitionWriter(bus, SystemClock(), NORM, subject, writer=f"w{next(names)}")

    return make


async def stored_bodies(bus, venue):
    """Read the whole partition verified, and return its event bodies."""
    subject = norm_subject(PARTITION, venue)
    last = await bus.last(NORM, subject)
    bodies, terms = [], []
    async with PartitionReader(bus, NORM, subject).follow() as batches, asyncio.timeout(60):
        end = decode(last.payload).number or None
        async for records in batches:
            terms += [record.term for record in records]
            bodies += [record.body for record in records if record.kind is Kind.EVENTS]
            if end is None or records[-1].number >= end:
                break
    assert terms == sorted(terms)
    return bodies


def event(number):
    return draft(Kind.EVENTS, 1, b"%d" % number, a=number - 1, b=number)


async def append_all(writer, numbers):
    for number in numbers:
        await writer.append(event(number))


def numbered(count):
    return [b"%d" % number for number in range(1, count + 1)]


async def test_records_are_numbered_without_a_gap_and_chained(bus, venue, writer_of):
    writer = writer_of(bus)
    assert (await writer.open()).number == 1  # the settled marker has a number
    await append_all(writer, range(1, 21))
    assert writer.tail.number == 21
    assert await stored_bodies(bus, venue) == numbered(20)


async def test_a_second_writer_takes_over_and_the_first_is_fenced(bus, venue, writer_of):
    first, second = writer_of(bus), writer_of(bus)
    await first.open()
    await append_all(first, range(1, 4))
    tail = await second.open()
    assert tail.b == 3
    with pytest.raises(Fenced):
        await first.append(event(99))
    with pytest.raises(AssertionError):
        await first.append(event(99))
    await append_all(second, range(4, 6))
    assert await stored_bodies(bus, venue) == numbered(5)


async def test_a_zombie_at_full_speed_is_fenced_and_leaves_no_record_behind(bus, venue, writer_of):
    zombie, owner = writer_of(bus), writer_of(bus)
    await zombie.open()
    acknowledged = []

    async def write_on():
        for number in itertools.count(1):
            await zombie.append(event(number))
            acknowledged.append(b"%d" % number)

    async with asyncio.timeout(30):
        task = asyncio.ensure_future(write_on())
        while len(acknowledged) < 50:
            await asyncio.sleep(0)
        tail = await owner.open()
        await append_all(owner, range(tail.b + 1, tail.b + 21))
        with pytest.raises(Fenced):
            await task
    assert await stored_bodies(bus, venue) == numbered(tail.b + 20)
    assert acknowledged == numbered(tail.b)[: len(acknowledged)]


async def test_of_two_that_claim_at_once_exactly_one_goes_on(bus, venue, writer_of):
    for _ in range(10):
        writers = [writer_of(bus), writer_of(bus)]

        async def open_and_write(writer):
            try:
                tail = await writer.open()
                for number in range(tail.b + 1, tail.b + 4):
                    await writer.append(event(number))
            except Fenced:
                return False
            return True

        done = await asyncio.gather(*(open_and_write(writer) for writer in writers))
        assert any(done)
    bodies = await stored_bodies(bus, venue)
    assert bodies == numbered(len(bodies))


@pytest.mark.parametrize("fault", ["lose-ack", "lose-append", "refuse"])
async def test_an_append_in_doubt_lands_exactly_once(faulty, bus, venue, writer_of, fault):
    writer = writer_of(faulty)
    await writer.open()
    for number in range(1, 11):
        if number % 3 == 0:
            faulty.script.append(fault)
        await writer.append(event(number))
    assert writer.doubts_total == 3
    assert await stored_bodies(bus, venue) == numbered(10)


@pytest.mark.parametrize(
    "script",
    [
        ["lose-ack", "lose-ack"],
        ["lose-ack", None, "lose-ack"],
        ["lose-ack", None, "lose-append"],
        ["lose-ack", "lose-append", "lose-ack", "lose-ack"],
        ["lose-append", "lose-ack", "lose-ack"],
        ["refuse", None, "refuse", None, "lose-ack"],
    ],
)
async def test_doubt_while_settling_a_doubt_is_settled_too(faulty, bus, venue, writer_of, script):
    writer = writer_of(faulty)
    await writer.open()
    await append_all(writer, range(1, 3))
    faulty.script.extend(script)
    await append_all(writer, range(3, 6))
    assert await stored_bodies(bus, venue) == numbered(5)


@pytest.mark.parametrize(
    "script", [["lose-ack"], ["lose-append"], [None, "lose-ack"], [None, "refuse"]]
)
async def test_opening_survives_lost_answers(faulty, bus, venue, writer_of, script):
    faulty.script.extend(script)
    writer = writer_of(faulty)
    await writer.open()
    await append_all(writer, range(1, 3))
    assert await stored_bodies(bus, venue) == numbered(2)


async def test_a_writer_that_died_between_its_markers_leaves_the_log_usable(bus, venue, writer_of):
    writer = writer_of(bus)
    await writer.open()
    await append_all(writer, range(1, 3))
    for after in (writer.tail.sequence, 0):
        marker, _ = encode(
            draft(Kind.MARKER, 0, encode_note(Marker("dead", after))),
            number=0, term=7, publish_ns=0, previous_crc=0,
        )  # fmt: skip
        await bus.append(NORM, norm_subject(PARTITION, venue), marker, expected_last=None)
    successor = writer_of(bus)
    tail = await successor.open()
    assert (tail.b, tail.number) == (2, writer.tail.number + 1)
    assert successor.term > 7
    await successor.append(event(3))
    assert await stored_bodies(bus, venue) == numbered(3)


async def test_an_empty_log_goes_on_from_its_known_floor(bus, venue, writer_of):
    writer = writer_of(bus)
    tail = await writer.open(Tail(number=40, crc=5, term=3, b=17, sequence=0))
    assert (tail.number, tail.b) == (41, 17)
    assert writer.term > 3


async def test_a_log_behind_its_known_floor_is_refused(bus, venue, writer_of):
    writer = writer_of(bus)
    await writer.open()
    with pytest.raises(LogError) as caught:
        await writer_of(bus).open(Tail(number=40, crc=5, term=3, b=17, sequence=0))
    assert caught.value.code == "log_regressed"


async def test_a_foreign_record_in_the_chain_stops_the_writer(bus, venue, writer_of):
    writer = writer_of(bus)
    await writer.open()
    forged, _ = encode(event(1), number=2, term=1, publish_ns=0, previous_crc=12345)
    await bus.append(NORM, norm_subject(PARTITION, venue), forged, expected_last=None)
    with pytest.raises(LogError) as caught:
        await writer.append(event(1))
    assert caught.value.code == "log_corrupt"


async def test_live_and_stream_readers_see_the_same_records(bus, venue, writer_of):
    writer = writer_of(bus)
    await writer.open()
    await append_all(writer, range(1, 51))
    seen = []
    async with LiveReader(bus, PARTITION, venue).follow() as batches:

        async def read():
            async for records in batches:
                seen.extend(r.body for r in records if r.kind is Kind.EVENTS)
                if len(seen) >= 200:
                    return

        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(read())
            group.create_task(append_all(writer, range(51, 201)))
    assert seen == numbered(200)


# -- in memory only: truncation and an absent bus ---------------------------------------


async def test_a_log_that_lost_acknowledged_records_is_not_written_on():
    bus, clock = MemoryBus(), ManualClock()
    writer = PartitionWriter(bus, clock, NORM, "md.norm.01.v", writer="w")
    await writer.open()
    await append_all(writer, range(1, 4))
    held = bus.shared.streams[NORM]
    held.messages = held.messages[:-1]
    with pytest.raises(LogError) as caught:
        await writer.append(event(4))
    assert caught.value.code == "log_regressed"


async def test_a_writer_waits_for_an_absent_bus_and_goes_on():
    bus = MemoryBus()
    writer = PartitionWriter(bus, ManualClock(), NORM, "md.norm.01.v", writer="w")
    await writer.open()
    bus.down = True
    task = asyncio.ensure_future(writer.append(event(1)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    bus.down = False
    await task
    assert (await bus.last(NORM, "md.norm.01.v")).payload.endswith(b"1")


# -- the real server, killed under load --------------------------------------------------


async def test_kill_of_the_server_under_load_loses_and_repeats_nothing(own_nats, venue):
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(own_nats.open())
        writers = [
            PartitionWriter(bus, SystemClock(), NORM, norm_subject(part, venue), writer=f"k{part}")
            for part in range(4)
        ]
        for writer in writers:
            await writer.open()
        counts = [0] * len(writers)
        stop = asyncio.Event()

        async def load(index):
            while not stop.is_set():
                await writers[index].append(event(counts[index] + 1))
                counts[index] += 1

        async def trouble():
            for _ in range(3):
                before = sum(counts)
                while sum(counts) < before + 400:
                    await asyncio.sleep(0.01)
                own_nats.kill()
                await own_nats.start()
            before = list(counts)
            while any(now <= then for now, then in zip(counts, before, strict=True)):
                await asyncio.sleep(0.01)
            stop.set()

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for index in range(len(writers)):
                group.create_task(load(index))
            group.create_task(trouble())
        for part, count in enumerate(counts):
            subject = norm_subject(part, venue)
            bodies = []
            async with PartitionReader(bus, NORM, subject).follow() as batches:
                async for records in batches:
                    bodies += [r.body for r in records if r.kind is Kind.EVENTS]
                    if records[-1].number >= writers[part].tail.number:
                        break
            assert bodies == numbered(count)
        assert sum(writer.doubts_total for writer in writers) > 0


async def test_a_reader_survives_a_kill_of_the_server(own_nats, venue):
    async with own_nats.open() as bus, own_nats.open() as reading:
        subject = norm_subject(PARTITION, venue)
        writer = PartitionWriter(bus, SystemClock(), NORM, subject, writer="r")
        await writer.open()
        seen = []

        async def read(reader):
            async with reader.follow() as batches:
                async for records in batches:
                    seen.extend(r.body for r in records if r.kind is Kind.EVENTS)
                    if len(seen) >= 300:
                        return

        async def write():
            await append_all(writer, range(1, 101))
            own_nats.kill()
            await own_nats.start()
            await append_all(writer, range(101, 301))

        for reader in (
            PartitionReader(reading, NORM, subject),
            LiveReader(reading, PARTITION, venue),
        ):
            seen.clear()
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                group.create_task(read(reader))
                if writer.appended_total == 0:
                    group.create_task(write())
            assert seen == numbered(300)


async def test_a_publish_reported_as_failed_never_lands_later(own_nats, venue):
    async with own_nats.open() as bus:
        subject = norm_subject(PARTITION, venue)
        await bus.append(NORM, subject, b"before", expected_last=None)
        own_nats.kill()
        for _ in range(5):
            with pytest.raises(BusError):
                await bus.append(NORM, subject, b"during", expected_last=None)
        await own_nats.start()
        await bus.wait_connected()
        await bus.append(NORM, subject, b"after", expected_last=None)
        async with bus.read(NORM, subject) as batches:
            payloads = []
            async for batch in batches:
                payloads += [stored.payload for stored in batch]
                if payloads[-1] == b"after":
                    break
        assert payloads == [b"before", b"after"]


async def test_a_live_reader_finds_what_was_never_republished(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.partition_reader.QUIET_S", 0.02)
    bus = MemoryBus()
    writer = PartitionWriter(bus, ManualClock(), NORM, "md.norm.09.v", writer="w")
    await writer.open()
    seen = []
    async with LiveReader(bus, 9, "v").follow() as batches, asyncio.timeout(5):
        await append_all(writer, range(1, 4))
        bus.shared.republish.clear()  # as if the listener's queue had been full
        await append_all(writer, range(4, 6))
        async for records in batches:
            seen += [r.body for r in records if r.kind is Kind.EVENTS]
            if len(seen) == 5:
                break
    assert seen == numbered(5)
