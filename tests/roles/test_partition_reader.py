"""What is read is verified; what is missing, broken or late is told, fetched, or stops the read."""

import asyncio

import pytest

from ledgerflux.errors import LogError
from ledgerflux.roles import partition_reader
from ledgerflux.roles.partition_reader import Chain, LiveReader, PartitionReader
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.record import Kind, draft, encode
from ledgerflux.wire.session import Marker, encode_note
from ledgerflux.wire.subjects import NORM, live_subject, norm_subject

PARTITION, VENUE = 3, "test"
SUBJECT = norm_subject(PARTITION, VENUE)
LIVE = live_subject(PARTITION, VENUE)


class Log:
    """A partition that grows by whole, chained records."""

    def __init__(self):
        self.bus = MemoryBus()
        self.number = self.crc = 0
        self.sequences = {}

    def made(self, *, number=None, crc=None):
        """Return the next record's bytes and crc."""
        number = self.number + 1 if number is None else number
        crc = self.crc if crc is None else crc
        item = draft(Kind.EVENTS, 0, b"%d" % number, a=number - 1, b=number)
        return encode(item, number=number, term=1, publish_ns=0, previous_crc=crc)

    async def grow(self, count, *, republished=True):
        republish, self.bus.shared.republish = self.bus.shared.republish, {}
        if republished:
            self.bus.shared.republish = republish
        for _ in range(count):
            payload, self.crc = self.made()
            self.number += 1
            self.sequences[self.number] = await self.append(payload)
        self.bus.shared.republish = republish

    async def mark(self, count=1):
        note = draft(Kind.MARKER, 0, encode_note(Marker("w", 0)))
        payload, _ = encode(note, number=0, term=2, publish_ns=0, previous_crc=0)
        for _ in range(count):
            await self.append(payload)

    async def append(self, payload):
        return await self.bus.append(NORM, SUBJECT, payload, expected_last=None)

    def reader(self):
        return PartitionReader(self.bus, NORM, SUBJECT)


async def numbers(batches, until):
    """Read up to record `until` and return the numbers read."""
    found = []
    async with asyncio.timeout(10):
        async for records in batches:
            assert records, "an empty batch says nothing"
            assert all(record.body == b"%d" % record.number for record in records)
            found += [record.number for record in records]
            if found[-1] >= until:
                return found
    raise AssertionError


@pytest.fixture
def log():
    return Log()


# -- the chain --------------------------------------------------------------------------


def test_a_chain_takes_the_next_record_and_passes_over_what_it_has():
    log, chain = Log(), Chain(0, 0)
    payload, crc = log.made()
    record = chain.take(payload, 77)
    assert (record.number, record.sequence) == (1, 77)
    assert (chain.number, chain.crc) == (1, crc)
    assert chain.take(payload) is None
    assert chain.number == 1


def test_a_chain_passes_over_markers():
    marker, _ = encode(draft(Kind.MARKER, 0, b"{}"), number=0, term=1, publish_ns=0, previous_crc=0)
    assert Chain(0, 0).take(marker) is None


@pytest.mark.parametrize(
    ("number", "crc", "code"), [(7, 0, "log_incomplete"), (2, 5, "log_corrupt")]
)
def test_a_chain_refuses_what_does_not_continue_it(number, crc, code):
    chain = Chain(1, 0)
    with pytest.raises(LogError) as caught:
        chain.take(Log().made(number=number, crc=crc)[0])
    assert caught.value.code == code
    assert (chain.number, chain.crc) == (1, 0)


def test_a_chain_starts_anew_where_it_is_told():
    chain = Chain(1, 0)
    payload, crc = Log().made(number=7, crc=99)
    assert chain.restart(payload, 5).number == 7
    assert (chain.number, chain.crc) == (7, crc)


# -- straight from the stream -----------------------------------------------------------


async def test_records_are_read_in_order_over_many_batches(log):
    await log.grow(600)
    async with log.reader().follow() as batches:
        assert await numbers(batches, 600) == list(range(1, 601))


async def test_reading_goes_on_after_a_known_record(log):
    await log.grow(5)
    crc = log.crc
    await log.grow(5)
    async with log.reader().follow(5, crc, sequence=log.sequences[5] + 1) as batches:
        assert await numbers(batches, 10) == list(range(6, 11))
    async with log.reader().follow(5, crc, sequence=1) as batches:
        assert await numbers(batches, 10) == list(range(6, 11))


async def test_markers_are_never_yielded(log):
    await log.mark(300)
    await log.grow(2)
    await log.mark()
    await log.grow(1)
    async with log.reader().follow() as batches:
        assert await numbers(batches, 3) == [1, 2, 3]


async def test_a_reader_waits_for_the_next_record(log):
    await log.grow(1)
    async with log.reader().follow() as batches:
        assert await numbers(batches, 1) == [1]
        waiting = asyncio.ensure_future(numbers(batches, 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        await log.grow(1)
        assert await waiting == [2]


async def test_where_the_first_records_fell_to_the_limit_the_jump_shows(log):
    await log.grow(10)
    log.bus.truncate(NORM, keep_last=4)
    async with log.reader().follow(2, 12345, sequence=3) as batches:
        assert await numbers(batches, 10) == [7, 8, 9, 10]


async def test_a_jump_after_the_first_record_stops_the_read(log):
    await log.grow(3)
    log.number += 1
    await log.grow(1)
    async with log.reader().follow() as batches:
        with pytest.raises(LogError) as caught:
            await numbers(batches, 5)
    assert caught.value.code == "log_incomplete"


async def test_the_next_number_with_another_past_stops_the_read_even_at_its_start(log):
    await log.grow(3)
    async with log.reader().follow(1, 12345, sequence=2) as batches:
        with pytest.raises(LogError) as caught:
            await numbers(batches, 3)
    assert caught.value.code == "log_corrupt"


async def test_a_flipped_bit_is_never_yielded(log):
    await log.grow(2)
    payload, _ = log.made()
    await log.append(payload[:-1] + bytes([payload[-1] ^ 1]))
    yielded = []

    async def read(batches):
        async for records in batches:
            yielded.extend(record.number for record in records)

    async with log.reader().follow() as batches, asyncio.timeout(10):
        with pytest.raises(LogError) as caught:
            await read(batches)
    assert caught.value.code == "log_corrupt"
    assert set(yielded) <= {1, 2}


async def test_bytes_that_are_no_record_stop_the_read(log):
    await log.append(b"junk")
    async with log.reader().follow() as batches:
        with pytest.raises(LogError, match="not a record"):
            await numbers(batches, 1)


# -- as they are republished ------------------------------------------------------------


@pytest.fixture
def quiet_soon(monkeypatch):
    monkeypatch.setattr(partition_reader, "QUIET_S", 0.01)


class CountingBus:
    """Counts the messages that readers take from the stream, and the looks at its end."""

    def __init__(self, bus):
        self._bus = bus
        self.read_total = self.looks_total = 0

    async def last(self, *args):
        self.looks_total += 1
        return await self._bus.last(*args)

    def __getattr__(self, name):
        return getattr(self._bus, name)

    def read(self, *args):
        return _Counting(self, self._bus.read(*args))


class _Counting:
    def __init__(self, owner, context):
        self.owner, self.context = owner, context

    async def __aenter__(self):
        batches = await self.context.__aenter__()

        async def counted():
            async for batch in batches:
                self.owner.read_total += len(batch)
                yield batch

        return counted()

    async def __aexit__(self, *error):
        return await self.context.__aexit__(*error)


def live(log):
    return LiveReader(log.bus, PARTITION, VENUE)


async def test_a_live_reader_reads_the_log_up_to_now_and_then_listens(log):
    await log.grow(300)
    reader = live(log)
    async with reader.follow() as batches:
        assert await numbers(batches, 300) == list(range(1, 301))
        await log.grow(3)
        assert await numbers(batches, 303) == [301, 302, 303]
    assert reader.holes_total == 0


async def test_a_live_reader_goes_on_after_a_known_record(log):
    await log.grow(5)
    crc = log.crc
    await log.grow(5)
    async with live(log).follow(5, crc, sequence=log.sequences[5] + 1) as batches:
        assert await numbers(batches, 10) == list(range(6, 11))


async def test_a_hole_in_what_was_heard_is_read_from_the_log(log):
    reader = live(log)
    async with reader.follow() as batches:
        await log.grow(2)
        assert await numbers(batches, 2) == [1, 2]
        await log.grow(3, republished=False)
        await log.grow(2)
        assert await numbers(batches, 7) == [3, 4, 5, 6, 7]
        assert reader.holes_total == 1
        await log.grow(1)
        assert await numbers(batches, 8) == [8]
    assert reader.holes_total == 1


async def test_what_fell_out_of_a_full_mailbox_is_read_from_the_log(log, monkeypatch):
    monkeypatch.setattr(partition_reader, "LIVE_PENDING", 4)
    reader = live(log)
    async with reader.follow() as batches:
        await log.grow(1)
        assert await numbers(batches, 1) == [1]
        await log.grow(100)
        assert await numbers(batches, 101) == list(range(2, 102))
    assert reader.holes_total == 1


async def test_a_hole_is_read_from_its_place_not_from_the_start(log):
    await log.grow(10)
    log.bus = CountingBus(log.bus)
    reader = live(log)
    async with reader.follow() as batches:
        assert await numbers(batches, 10) == list(range(1, 11))
        await log.grow(500)
        assert await numbers(batches, 510) == list(range(11, 511))
        before = log.bus.read_total
        await log.grow(2, republished=False)
        await log.grow(1)
        assert await numbers(batches, 513) == [511, 512, 513]
    assert log.bus.read_total - before <= 4


@pytest.mark.usefixtures("quiet_soon")
async def test_what_was_never_republished_is_found_when_it_is_quiet(log):
    async with live(log).follow() as batches:
        await log.grow(2, republished=False)
        assert await numbers(batches, 2) == [1, 2]
        await log.grow(1)
        assert await numbers(batches, 3) == [3]
        await log.grow(1, republished=False)
        assert await numbers(batches, 4) == [4]


@pytest.mark.usefixtures("quiet_soon")
async def test_a_look_at_a_log_that_did_not_grow_yields_nothing(log):
    await log.grow(2)
    log.bus = CountingBus(log.bus)
    async with live(log).follow() as batches, asyncio.timeout(10):
        assert await numbers(batches, 2) == [1, 2]
        waiting = asyncio.ensure_future(numbers(batches, 3))
        while log.bus.looks_total < 4:
            await asyncio.sleep(0.001)
        assert not waiting.done()
        await log.grow(1)
        assert await waiting == [3]
    assert log.bus.read_total == 2


@pytest.mark.usefixtures("quiet_soon")
async def test_an_absent_bus_is_waited_for(log):
    await log.grow(3)
    log.bus.down = True
    async with live(log).follow() as batches:
        waiting = asyncio.ensure_future(numbers(batches, 3))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        log.bus.down = False
        assert await waiting == [1, 2, 3]


async def test_markers_and_repeats_are_passed_over_live_too(log):
    async with live(log).follow() as batches:
        await log.grow(1)
        assert await numbers(batches, 1) == [1]
        await log.mark()
        repeated = log.bus.shared.streams[NORM].messages[0].payload
        await log.bus.publish(LIVE, repeated)
        await log.grow(1)
        assert await numbers(batches, 2) == [2]


@pytest.mark.usefixtures("quiet_soon")
async def test_a_log_that_ends_with_a_marker_is_read_to_its_end(log):
    await log.grow(2)
    await log.mark()
    async with live(log).follow() as batches:
        assert await numbers(batches, 2) == [1, 2]
        await log.grow(1)
        assert await numbers(batches, 3) == [3]


@pytest.mark.parametrize("forge", [lambda log: log.made(crc=12345)[0], lambda _: b"junk"])
async def test_what_is_heard_live_and_does_not_continue_the_log_is_not_believed(log, forge):
    reader = live(log)
    async with reader.follow() as batches:
        await log.grow(1)
        assert await numbers(batches, 1) == [1]
        await log.bus.publish(LIVE, forge(log))
        await log.grow(2)
        assert await numbers(batches, 3) == [2, 3]
    assert reader.foreign_total == 1


async def test_a_record_under_an_older_term_stops_the_read(log):
    await log.grow(2)
    item = draft(Kind.EVENTS, 0, b"3", a=2, b=3)
    old, _ = encode(item, number=3, term=0, publish_ns=0, previous_crc=log.crc)
    await log.append(old)
    async with log.reader().follow() as batches:
        with pytest.raises(LogError, match="of term 0, after term 1") as caught:
            await numbers(batches, 3)
    assert caught.value.code == "log_regressed"


async def test_what_fell_to_the_limit_while_nobody_listened_shows_as_a_jump(log):
    async with live(log).follow() as batches:
        await log.grow(1)
        assert await numbers(batches, 1) == [1]
        await log.grow(5, republished=False)
        log.bus.truncate(NORM, keep_last=2)
        await log.grow(1)
        assert await numbers(batches, 7) == [5, 6, 7]


async def test_nobody_listens_any_more_when_the_reader_is_closed(log):
    async with live(log).follow():
        assert len(log.bus.shared.listeners) == 1
    assert log.bus.shared.listeners == []
