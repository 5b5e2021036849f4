"""One partition on its way from RAW to NORM.

A restart loads the checkpoint and runs RAW through the same function with output off, up to
the last RAW record that NORM covers; from there on it is on. There is no other way from log
to books.
"""

import asyncio
from collections import Counter, deque
from typing import NamedTuple

from ledgerflux.core.latency import LatencyWindow
from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.core.partition_notes import Resync
from ledgerflux.errors import BusError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles import checkpoints
from ledgerflux.roles.normalizer import DeadLetter, Normalizer, Output
from ledgerflux.roles.partition_reader import PartitionReader
from ledgerflux.roles.partition_writer import EMPTY, PartitionWriter, Tail
from ledgerflux.roles.turn import Turn
from ledgerflux.telemetry.log import Events
from ledgerflux.venues.base import Venue
from ledgerflux.wire import norm
from ledgerflux.wire.book_request import BookRequest, encode_request
from ledgerflux.wire.dead_letter import LetterHead, encode_letter
from ledgerflux.wire.record import RECORD_BYTES_MAX, Kind, Record, draft
from ledgerflux.wire.subjects import (
    DLQ,
    NORM,
    RAW,
    SESSION,
    dlq_subject,
    norm_subject,
    raw_subject,
    resync_subject,
)

CHECKPOINT_EVERY_NS = 30_000_000_000
PENDING_BYTES_MAX = 8 * 1024 * 1024
DRAIN_S = 4.0
EVENTS = Kind.EVENTS

log = Events(__name__)


class _Pending(NamedTuple):
    """What one RAW record made, not yet in NORM."""

    number: int
    batches: list[norm.Batch]
    items: int
    size: int
    newest_receive_ns: int


class NormalizePartition:
    """Reads one RAW subject, appends one NORM subject, checkpoints between."""

    def __init__(
        self, bus: Bus, clock: Clock, venue: Venue, partition: int, *, writer: str
    ) -> None:
        self.partition = partition
        self.writer = PartitionWriter(
            bus, clock, NORM, norm_subject(partition, venue.name), writer=writer
        )
        self.latency = LatencyWindow()
        self.raw_seen = 0
        self.oldest_waiting_ns: int | None = None
        self.ready = False
        self.checkpoints_total = 0
        self.inherited: Counter[str] = Counter()
        """What the checkpoint counted: others' work, no part of any rate here."""
        self._bus = bus
        self._clock = clock
        self._venue = venue
        self._normalizer = Normalizer(venue)
        self._pending: deque[_Pending] = deque()
        self._pending_bytes = 0
        self._turn = Turn()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._idle = asyncio.Event()
        self._raw = (0, 0, 0)
        self._saved_raw = 0
        self._due_ns = clock.monotonic_ns() + CHECKPOINT_EVERY_NS

    @property
    def machine(self) -> PartitionNormalizer:
        """Return the state of this partition's products."""
        return self._normalizer.machine

    @property
    def orphaned(self) -> bool:
        """Say whether frames come of a session whose beginning the log has lost."""
        return self.machine.counts["raw_frames"] > 0 and not self.machine.session.run

    async def run(self) -> None:
        """Work until cancelled; then finish what was read, and checkpoint.

        Raises:
            Fenced: Another normalizer took the partition.
            LogError: A record of the log can't be what was written.
        """
        await self._load()
        async with asyncio.TaskGroup() as outer:
            appending = outer.create_task(self._append_loop())
            try:
                await self._read_loop()
            finally:
                if not appending.done():
                    await self._drain()
                appending.cancel()

    async def _load(self) -> None:
        saved = await self._when_reachable()
        floor = EMPTY
        if saved is not None:
            machine = PartitionNormalizer.restore(saved)
            self._normalizer = Normalizer(self._venue, machine)
            self.inherited = Counter(machine.counts)
            self._raw = (saved.raw_number, saved.raw_crc, saved.raw_sequence)
            self._saved_raw = self.raw_seen = saved.raw_number
            floor = Tail(saved.norm_number, saved.norm_crc, 0, saved.raw_number, 0)
        await self.writer.open(floor)
        tail = self.writer.tail
        log.info("partition.resumed", partition=self.partition, raw=tail.b, norm=tail.number)

    async def _when_reachable(self) -> PartitionCheckpoint | None:
        while True:
            try:
                return await checkpoints.load(self._bus, self.partition, self._venue.name)
            except BusError:
                await self._clock.sleep(0.2)

    # -- reading -----------------------------------------------------------------------

    async def _read_loop(self) -> None:
        covered = self.writer.tail.b
        number, crc, sequence = self._raw
        reader = PartitionReader(self._bus, RAW, raw_subject(self.partition, self._venue.name))
        self.ready = covered <= number
        async with reader.follow(number, crc, sequence=sequence + 1) as batches:
            async for records in batches:
                for record in records:
                    await self._take(record, covered)
                    if self._turn.over(len(record.body)):
                        await asyncio.sleep(0)
                await self._checkpoint_when_due()

    async def _take(self, record: Record, covered: int) -> None:
        if record.number > self._raw[0] + 1:
            lost = self._normalizer.lost(self._raw[0] + 1, record.number - 1, record.publish_ns)
            await self._put(record.number - 1, lost, covered)
        output = self._normalizer.take(record)
        self._raw = (record.number, record.crc, record.sequence)
        self.raw_seen = record.number
        await self._put(record.number, output, covered)

    async def _put(self, number: int, output: Output, covered: int) -> None:
        """Queue what a record made, unless NORM has it already."""
        self.ready = self.ready or number >= covered
        if number <= covered:
            return
        for letter in output.dead:
            await self._bury(letter)
        for resync in output.resyncs:
            await self._ask(resync)
        size = sum(len(batch.body) for batch in output.batches)
        while self._pending_bytes >= PENDING_BYTES_MAX:
            self._room.clear()
            await self._room.wait()
        self._pending.append(
            _Pending(number, output.batches, output.items, size, output.newest_receive_ns)
        )
        self._pending_bytes += size
        self._idle.clear()
        self._arrived.set()

    async def _bury(self, letter: DeadLetter) -> None:
        """Store refused bytes, exactly as they came, with the reason in front."""
        head = LetterHead(
            self._venue.name,
            self.partition,
            letter.reason,
            letter.detail,
            raw_number=letter.number,
            frame=letter.place,
            receive_ns=letter.receive_ns,
        )
        identity = f"{self._venue.name}-{self.partition}-{letter.number}-{letter.place}"
        payload = encode_letter(head, letter.frame)
        while True:
            try:
                await self._bus.append(
                    DLQ,
                    dlq_subject(self.partition, letter.reason),
                    payload,
                    expected_last=None,
                    identity=identity,
                )
            except BusError:
                await self._clock.sleep(0.2)
            else:
                return

    async def _ask(self, resync: Resync) -> None:
        try:
            await self._bus.publish(
                resync_subject(self._venue.name, self.partition),
                encode_request(BookRequest(*resync)),
            )
        except BusError:
            return  # asked again once a second, as long as the book is suspect

    async def ask_again(self) -> None:
        """Ask for every book that is still not believed, or for a session where it is lost."""
        if self.orphaned:
            await self._ask(Resync(SESSION, "the log has lost the session"))
        for product, stream in self.machine.products.items():
            if stream.state == "suspect":
                await self._ask(Resync(product, "still suspect"))

    # -- appending ---------------------------------------------------------------------

    async def _append_loop(self) -> None:
        while True:
            while self._pending:
                await self._append()
            self._idle.set()
            self.oldest_waiting_ns = None
            self._arrived.clear()
            await self._arrived.wait()

    async def _append(self) -> None:
        """Append as many RAW records' output as fit into one NORM record."""
        after = self.writer.tail.b
        taken = [self._pending.popleft()]
        size = taken[0].size
        while self._pending and size + self._pending[0].size <= RECORD_BYTES_MAX:
            taken.append(self._pending.popleft())
            size += taken[-1].size
        batches = [batch for item in taken for batch in item.batches]
        self.oldest_waiting_ns = taken[0].newest_receive_ns or None
        items = sum(item.items for item in taken)
        body = norm.pack(batches)
        upto = taken[-1].number
        await self.writer.append(draft(EVENTS, items, body, a=after, b=upto))
        self._pending_bytes -= size
        self._room.set()
        now_ns = self._clock.now_ns()
        for item in taken:
            if item.newest_receive_ns:
                self.latency.add(now_ns - item.newest_receive_ns)

    # -- checkpoint --------------------------------------------------------------------

    async def _checkpoint_when_due(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._due_ns or self._raw[0] == self._saved_raw:
            return
        self._due_ns = now_ns + CHECKPOINT_EVERY_NS
        await self._idle.wait()
        await self._checkpoint()

    async def _checkpoint(self) -> None:
        tail = self.writer.tail
        if tail.b != self._raw[0]:
            return  # records before this writer's time are still being passed over
        saved = self._normalizer.checkpoint(
            self.partition, raw=self._raw, norm_end=(tail.number, tail.crc, tail.sequence)
        )
        try:
            await checkpoints.save(self._bus, saved)
        except BusError:
            return  # the one before still stands; the next is due in a while
        self._saved_raw = self._raw[0]
        self.checkpoints_total += 1

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._idle.wait()
                if self._raw[0] != self._saved_raw:
                    await self._checkpoint()
        except TimeoutError:
            return  # the bus is away: a restart goes on from the log
