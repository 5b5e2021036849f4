"""Where in the log a stream goes on after a seq, found by its records' own indexes."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.core.frame import Whole
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import LogError
from ledgerflux.ports import Bus, Stored
from ledgerflux.wire.norm import Batch, unpack
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.subjects import NORM

LOOKED_MAX = 20_000
"""Records that are looked at for one place."""
SINGLE_MAX = 8
"""Records that are asked for one by one before they are read in batches."""


class _Said(NamedTuple):
    """What one record says of a stream."""

    sequence: int
    batches: list[Batch]


class _TooMany(Exception):
    """As many records were looked at as may be."""


class StreamPlace:
    """Finds one place."""

    def __init__(self, bus: Bus, subject: str, whole: Whole) -> None:
        self._bus = bus
        self._subject = subject
        self._whole = whole
        self._looked = 0

    async def find(self, after: Position) -> int | None:
        """Return the sequence of the record with the message that follows `after`, if it is held.

        None too where no message ended there, and where too much had to be read to know.
        `after` is of the newest epoch.

        Raises:
            BusError: The bus does not answer.
            LogError: A record can't be read.
        """
        try:
            return await self._search(after)
        except _TooMany:
            return None

    async def _search(self, after: Position) -> int | None:
        last = await self._bus.last(NORM, self._subject)
        if last is None:
            return None
        low, high = (await self._bus.state(NORM)).first_sequence, last.sequence + 1
        while low < high:  # the record is in [low, high), if it is held
            middle = (low + high) // 2
            said = await self._first_said(middle, high)
            if said is None:
                high = middle
                continue
            now = [batch for batch in said.batches if batch.epoch == after.epoch]
            if not now or now[-1].last_seq <= after.seq:
                low = said.sequence + 1
            elif now[0].first_seq > after.seq + 1:
                high = middle
            else:
                return said.sequence if any(_begins(batch, after) for batch in now) else None
        return None

    async def _first_said(self, sequence: int, end: int) -> _Said | None:
        """Return the first record in [sequence, end) that says something of the stream."""
        for _ in range(SINGLE_MAX):
            stored = await self._bus.next(NORM, self._subject, sequence)
            if stored is None or stored.sequence >= end:
                return None
            said = self._look([stored], end)
            if said is not None:
                return said
            sequence = stored.sequence + 1
        if sequence >= end:  # what comes after the end may never come
            return None
        async with self._bus.read(NORM, self._subject, sequence) as batches:
            async for batch in batches:
                said = self._look(batch, end)
                if said is not None or batch[-1].sequence >= end - 1:
                    return said
        raise LogError("the log ended")  # pragma: no cover

    def _look(self, batch: Sequence[Stored], end: int) -> _Said | None:
        for stored in batch:
            self._looked += 1
            if self._looked > LOOKED_MAX:
                raise _TooMany
            record = decode(stored.payload, stored.sequence)
            if stored.sequence >= end or record.kind is not Kind.EVENTS:
                continue
            found = [
                batch
                for batch in unpack(record.body)
                if (batch.channel, batch.product) == self._whole
            ]
            if found:
                return _Said(stored.sequence, found)
        return None


def _begins(batch: Batch, after: Position) -> bool:
    """Say whether a message made of `batch` continues `after`: of gaps there is one of each."""
    if batch.type == "gap":
        return batch.first_seq <= after.seq + 1 <= batch.last_seq
    return batch.first_seq == after.seq + 1
