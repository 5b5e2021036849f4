"""Read a partition's records in order, each verified: number +1, chained crc.

What can't be verified is never yielded.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ledgerflux.errors import BusError, LogError
from ledgerflux.ports import Bus, Mailbox, Stored
from ledgerflux.roles.log_place import place_after
from ledgerflux.wire.record import Kind, Record, chained_crc, decode
from ledgerflux.wire.subjects import NORM, live_subject, norm_subject

LIVE_PENDING = 4096
QUIET_S = 1.0


class Chain:
    """Checks that records continue each other; holds the last number, crc and term."""

    def __init__(self, number: int, crc: int, term: int = 0) -> None:
        self.number = number
        self.crc = crc
        self.term = term

    def take(self, payload: bytes, sequence: int = 0) -> Record | None:
        """Return the next record; None for a marker or one already taken.

        Raises:
            LogError: It does not continue the last one (`log_incomplete` where numbers are
                missing, `log_corrupt` where the chain is broken, `log_regressed` where its
                writer had been replaced).
        """
        record = decode(payload, sequence)
        if record.kind is Kind.MARKER or record.number <= self.number:
            return None
        if record.number != self.number + 1:
            raise LogError(f"record {record.number} follows {self.number}", code="log_incomplete")
        if chained_crc(payload, self.crc) != record.crc:
            raise LogError(f"record {record.number} is not the one that was written")
        if record.term < self.term:
            text = f"record {record.number} is of term {record.term}, after term {self.term}"
            raise LogError(text, code="log_regressed")
        self.number, self.crc, self.term = record.number, record.crc, record.term
        return record

    def restart(self, payload: bytes, sequence: int) -> Record:
        """Start anew at the record in `payload`, whatever came before it."""
        record = decode(payload, sequence)
        self.number, self.crc = record.number, record.crc
        return record


class PartitionReader:
    """Follows one subject of one stream, straight from the stream."""

    def __init__(self, bus: Bus, stream: str, subject: str) -> None:
        self._bus = bus
        self._stream = stream
        self._subject = subject

    @asynccontextmanager
    async def follow(
        self, after_number: int = 0, after_crc: int = 0, *, sequence: int = 1
    ) -> AsyncIterator[AsyncIterator[Sequence[Record]]]:
        """Yield records after `after_number` in verified batches, without end.

        `sequence` is a stream sequence at or before the first record wanted. Where the
        first record held is later than the one wanted (the others fell to the stream's
        limit), reading starts there, and its `number` shows the jump.
        """
        chain = Chain(after_number, after_crc)
        async with self._bus.read(self._stream, self._subject, sequence) as batches:
            yield _verified(chain, batches)


class LiveReader:
    """Follows one partition's events as they are republished; holes are read from the log.

    What is heard counts only where it continues the log. A listener may lose messages (a full
    queue, a reconnect): the next number shows it, and where none comes, a look at the log's
    end once a second does.
    """

    def __init__(self, bus: Bus, partition: int, venue: str) -> None:
        self._bus = bus
        self._live = live_subject(partition, venue)
        self._subject = norm_subject(partition, venue)
        self._sequence = 1
        self._moved_live = False
        self.holes_total = 0
        self.foreign_total = 0

    @asynccontextmanager
    async def follow(
        self, after_number: int = 0, after_crc: int = 0, *, sequence: int = 1
    ) -> AsyncIterator[AsyncIterator[Sequence[Record]]]:
        """Yield records after `after_number`; see `PartitionReader.follow`."""
        self._sequence = sequence
        chain = Chain(after_number, after_crc)
        async with self._bus.subscribe(self._live, pending=LIVE_PENDING) as mailbox:
            yield self._verified(chain, mailbox)

    async def _verified(self, chain: Chain, mailbox: Mailbox) -> AsyncIterator[Sequence[Record]]:
        async for records in self._catch_up(chain):
            yield records
        while True:
            payload = await self._next_message(mailbox)
            heard = None if payload is None else self._hear(chain, payload)
            if heard:
                self._moved_live = True
                yield heard
            if heard is not None:
                continue
            async for records in self._catch_up(chain):
                yield records

    def _hear(self, chain: Chain, payload: bytes) -> Sequence[Record] | None:
        """Return the record in `payload`, or none where it is known; None: ask the log.

        Anybody may say anything here: what does not continue the log is counted, and the
        log itself decides.
        """
        try:
            if decode(payload).number > chain.number + 1:
                self.holes_total += 1
                return None
            record = chain.take(payload)
        except LogError:
            self.foreign_total += 1
            return None
        return [] if record is None else [record]

    async def _next_message(self, mailbox: Mailbox) -> bytes | None:
        """Return the next message, None when it is quiet."""
        ready = mailbox.ready()  # a timeout for each of many is a tenth of the work
        if ready is not None:
            return ready[1]
        try:
            async with asyncio.timeout(QUIET_S):
                _, payload = await anext(mailbox)
                return payload
        except TimeoutError:
            return None

    async def _catch_up(self, chain: Chain) -> AsyncIterator[Sequence[Record]]:
        """Read the log up to its end as it is now."""
        try:
            last = await self._bus.last(NORM, self._subject)
            if last is None or 0 < decode(last.payload).number <= chain.number:
                return
            if self._moved_live:  # what came live has no place: find it, don't read it again
                place = await place_after(self._bus, NORM, self._subject, chain.number)
                self._sequence = max(self._sequence, place.sequence)
                self._moved_live = False
        except BusError:
            return  # asked again when it is quiet
        async with self._bus.read(NORM, self._subject, self._sequence) as batches:
            async for stored, records in _verified_with_place(chain, batches):
                self._sequence = stored.sequence + 1
                if records:
                    yield records
                if stored.sequence >= last.sequence:
                    return


async def _verified(
    chain: Chain, batches: AsyncIterator[Sequence[Stored]]
) -> AsyncIterator[Sequence[Record]]:
    async for _, records in _verified_with_place(chain, batches):
        if records:
            yield records


async def _verified_with_place(
    chain: Chain, batches: AsyncIterator[Sequence[Stored]]
) -> AsyncIterator[tuple[Stored, Sequence[Record]]]:
    """Yield each batch's last message and its records, the first of all let jump."""
    first = True
    async for batch in batches:
        records: list[Record] = []
        for stored in batch:
            record = _take(chain, stored, first=first)
            if record is not None:
                records.append(record)
                first = False
        yield batch[-1], records


def _take(chain: Chain, stored: Stored, *, first: bool) -> Record | None:
    try:
        return chain.take(stored.payload, stored.sequence)
    except LogError as error:
        if not first or error.code != "log_incomplete":
            raise
        return chain.restart(stored.payload, stored.sequence)
