"""Where a record stands in its stream, found by its number."""

from typing import NamedTuple

from ledgerflux.ports import Bus, Stored
from ledgerflux.wire.record import Kind, Record, decode
from ledgerflux.wire.session import Marker, decode_note


class Place(NamedTuple):
    """Where to read on: after record `number` with `crc` of `term`, from stream `sequence` on."""

    number: int
    crc: int
    sequence: int
    term: int = 0


START = Place(0, 0, 1)


async def place_after(bus: Bus, stream: str, subject: str, number: int) -> Place:
    """Return from where to read the records after `number`.

    Where that record fell to the stream's limit, it is the start: a reader begins at the
    first record held.

    Raises:
        BusError: The bus does not answer.
        LogError: A record can't be read.
    """
    last = await bus.last(stream, subject)
    if number == 0 or last is None:
        return START
    low, high = 1, last.sequence
    while low < high:  # the record is in [low, high], if it is held
        middle = (low + high) // 2
        found = await _numbered(bus, stream, subject, middle)
        if found is None or found.number >= number:
            high = middle
        else:
            low = found.sequence + 1
    record = await _numbered(bus, stream, subject, low)
    if record is None or record.number != number:
        return START
    return Place(number, record.crc, record.sequence, record.term)


async def head_number(bus: Bus, stream: str, subject: str) -> int:
    """Return the number of the newest record on `subject`, 0 where there is none.

    While a writer claims the partition, the newest it knew of.

    Raises:
        BusError: The bus does not answer.
        LogError: A record can't be read.
    """
    last = await bus.last(stream, subject)
    if last is None:
        return 0
    record = decode(last.payload)
    if record.kind is not Kind.MARKER:
        return record.number
    note = decode_note(record.body)
    if not isinstance(note, Marker) or not note.after:
        return 0
    found = await _numbered(bus, stream, subject, note.after)
    return 0 if found is None else found.number


async def _numbered(bus: Bus, stream: str, subject: str, sequence: int) -> Record | None:
    """Return the first record with a number at or after `sequence`."""
    while True:
        stored: Stored | None = await bus.next(stream, subject, sequence)
        if stored is None:
            return None
        record = decode(stored.payload, stored.sequence)
        if record.kind is not Kind.MARKER:
            return record
        sequence = stored.sequence + 1
