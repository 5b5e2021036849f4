"""The append protocol: one writer owns a partition's subject, whatever happens.

One conditional append is in flight at a time; what arrives meanwhile waits with the caller
and goes into the next one. Ownership is settled in the log itself::

    open    read the tail; an unconditional MARKER cuts off whoever wrote before; walk
            forward over what still got in; a conditional TERM record settles the claim
    append  expect the last record to be ours; an answer moves on
    doubt   (refused, no answer, disconnect) settle again: the markers decide whether the
            append landed; read, never guess

The last marker owns the partition: a writer that finds another's marker after its own is
fenced and writes nothing more. Why this is safe: at most one append of an old writer can be in
flight, and it lands before the marker, where the walk finds it, or is refused after it.
"""

from typing import NamedTuple

from ledgerflux.errors import AppendInDoubt, AppendRefused, BusError, Fenced, LogError
from ledgerflux.ports import Bus, Clock, Stored
from ledgerflux.wire.record import Draft, Kind, Record, chained_crc, decode, draft, encode
from ledgerflux.wire.session import Marker, decode_note, encode_note

RETRY_S = 0.1


class Tail(NamedTuple):
    """Where a partition ends: number, crc, b and stream sequence of its last numbered record."""

    number: int
    crc: int
    term: int
    b: int
    sequence: int


EMPTY = Tail(0, 0, 0, 0, 0)


class PartitionWriter:
    """Appends records to one subject of one stream, gapless, each exactly once.

    `writer` is unique to this object's process and life; it tells own markers from others'.
    """

    def __init__(self, bus: Bus, clock: Clock, stream: str, subject: str, *, writer: str) -> None:
        self._bus = bus
        self._clock = clock
        self._stream = stream
        self._subject = subject
        self._writer = writer
        self._tail = EMPTY
        self._last_sequence = 0
        self._term = 0
        self._claimed = False
        self._settled = False
        self._landed = False
        self.waiting_since_ns: int | None = None
        """Since when the append in flight waits (monotonic); None where none does."""
        self.doubts_total = 0
        self.appended_total = 0

    @property
    def tail(self) -> Tail:
        """Return the newest record known to be in the log."""
        return self._tail

    @property
    def term(self) -> int:
        """Return the term this writer appends under; 0 before it owns the partition."""
        return self._term if self._settled else 0

    async def open(self, floor: Tail = EMPTY) -> Tail:
        """Take the partition; return where it ends, the own TERM record included.

        `floor` is where the log is known to have reached, for a subject whose records all
        fell to the stream's limit: numbering goes on from there.

        Raises:
            Fenced: Another writer came after this one.
            LogError: The log does not reach `floor`, or its chain is broken.
        """
        await self._settle_when_reachable(None, floor)
        return self._tail

    async def append(self, item: Draft) -> int:
        """Append `item` and return its number; waits as long as the bus is away.

        Raises:
            Fenced: A newer writer owns the partition.
            LogError: The log lost records that were acknowledged.
        """
        assert self._settled, "open() first"
        self.waiting_since_ns = self._clock.monotonic_ns()
        try:
            return await self._append(item)
        finally:
            self.waiting_since_ns = None

    async def _append(self, item: Draft) -> int:
        while True:
            number = self._tail.number + 1
            payload, crc = self._encode(item, number)
            try:
                sequence = await self._bus.append(
                    self._stream, self._subject, payload, expected_last=self._last_sequence
                )
            except (AppendRefused, AppendInDoubt):
                self.doubts_total += 1
                if await self._settle_when_reachable((number, crc), EMPTY):
                    return number
                continue
            self._advance(sequence, Tail(number, crc, self._term, item.b, sequence))
            self.appended_total += 1
            return number

    # -- settling ----------------------------------------------------------------------

    async def _settle_when_reachable(self, doubt: tuple[int, int] | None, floor: Tail) -> bool:
        """Settle, trying as long as the bus is away; say whether the append in doubt landed."""
        self._landed = False
        while True:
            try:
                await self._claim(doubt, floor)
            except (AppendRefused, AppendInDoubt):
                continue  # another claims too, or nobody knows: read on
            except BusError:
                await self._clock.sleep(RETRY_S)
            else:
                return self._landed

    async def _claim(self, doubt: tuple[int, int] | None, floor: Tail) -> None:
        if self._claimed:
            await self._read_on(doubt)
        else:
            await self._read_tail(floor)
        marker_sequence = await self._mark()
        await self._walk(marker_sequence, doubt, fencing=False)
        self._term += 1
        note = encode_note(Marker(self._writer, self._tail.sequence))
        item = draft(Kind.TERM, 0, note, a=self._tail.b, b=self._tail.b)
        number = self._tail.number + 1
        payload, crc = self._encode(item, number)
        sequence = await self._bus.append(
            self._stream, self._subject, payload, expected_last=marker_sequence
        )
        self._settled = True
        self._advance(sequence, Tail(number, crc, self._term, item.b, sequence))

    async def _read_on(self, doubt: tuple[int, int] | None) -> None:
        """Read what is new since the last look, before claiming again.

        Raises:
            Fenced: Another's marker came after ours: it owns the partition now.
        """
        last = await self._bus.last(self._stream, self._subject)
        if last is None or last.sequence < self._last_sequence:
            raise LogError(
                f"{self._subject} ends before record {self._tail.number}, which was acknowledged",
                code="log_regressed",
            )
        await self._walk(last.sequence + 1, doubt, fencing=True)

    async def _read_tail(self, floor: Tail) -> None:
        """Learn where the log ends before claiming it for the first time."""
        last = await self._bus.last(self._stream, self._subject)
        if last is None:
            self._tail, self._term, self._last_sequence = floor, floor.term, 0
            return
        record = decode(last.payload)
        self._term = max(self._term, record.term)
        if record.number:
            self._tail = _tail_of(record, last)
        else:
            await self._read_numbered(record, last.sequence, floor)
        self._last_sequence = last.sequence
        if self._tail.number < floor.number:
            raise LogError(
                f"{self._subject} ends at record {self._tail.number}, "
                f"but reached {floor.number} before",
                code="log_regressed",
            )

    async def _read_numbered(self, marker: Record, marker_sequence: int, floor: Tail) -> None:
        """Find the last numbered record when the log ends with unsettled markers."""
        self._tail = floor
        sequence = _marker_note(marker).after or 1
        while sequence < marker_sequence:
            stored = await self._bus.next(self._stream, self._subject, sequence)
            if stored is None or stored.sequence >= marker_sequence:
                return
            record = decode(stored.payload)
            if record.number:
                self._tail = _tail_of(record, stored)
            sequence = stored.sequence + 1

    async def _mark(self) -> int:
        """Append the unconditional marker and return its stream sequence."""
        note = encode_note(Marker(self._writer, self._tail.sequence))
        payload, _ = encode(
            draft(Kind.MARKER, 0, note),
            number=0,
            term=self._term + 1,
            publish_ns=self._clock.now_ns(),
            previous_crc=0,
        )
        try:
            sequence = await self._bus.append(
                self._stream, self._subject, payload, expected_last=None
            )
        except AppendInDoubt as error:
            raise BusError(str(error)) from error
        self._claimed = True
        return sequence

    async def _walk(
        self, end_sequence: int, doubt: tuple[int, int] | None, *, fencing: bool
    ) -> None:
        """Take in the records before `end_sequence`, and note the one in doubt if it is there."""
        while self._last_sequence + 1 < end_sequence:
            stored = await self._bus.next(self._stream, self._subject, self._last_sequence + 1)
            if stored is None or stored.sequence >= end_sequence:
                break
            record = decode(stored.payload)
            if record.number:
                self._follow(stored, record)
                self._landed |= (record.number, record.crc) == doubt
            elif fencing and _marker_note(record).writer != self._writer:
                raise self._fenced(record)
            else:
                self._term = max(self._term, record.term)
            self._last_sequence = stored.sequence

    def _follow(self, stored: Stored, record: Record) -> None:
        """Take over a record found in the walk: it must continue the chain."""
        crc = chained_crc(stored.payload, self._tail.crc)
        if record.number != self._tail.number + 1 or crc != record.crc:
            raise LogError(
                f"{self._subject}: record {record.number} at {stored.sequence} "
                f"does not continue {self._tail.number}"
            )
        self._term = max(self._term, record.term)
        self._tail = _tail_of(record, stored)

    def _fenced(self, record: Record) -> Fenced:
        holder = _marker_note(record).writer
        self._settled = False
        return Fenced(
            f"{self._subject} is held by {holder} (term {record.term} and later)",
            try_next=("lf status",),
        )

    # -- bookkeeping -------------------------------------------------------------------

    def _encode(self, item: Draft, number: int) -> tuple[bytes, int]:
        return encode(
            item,
            number=number,
            term=self._term,
            publish_ns=self._clock.now_ns(),
            previous_crc=self._tail.crc,
        )

    def _advance(self, sequence: int, tail: Tail) -> None:
        self._last_sequence = sequence
        self._tail = tail


def _tail_of(record: Record, stored: Stored) -> Tail:
    return Tail(record.number, record.crc, record.term, record.b, stored.sequence)


def _marker_note(record: Record) -> Marker:
    note = decode_note(record.body)
    if not isinstance(note, Marker):
        raise LogError("a marker record holds no marker")
    return note
