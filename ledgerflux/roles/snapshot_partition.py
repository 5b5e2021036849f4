"""One partition on its way from NORM into the store.

Reading stops where `rows_max` rows wait, so an absent store costs no memory; one write is
in flight at most, and is tried until it is stored. Where the stored position turns out to
be another (somebody else wrote, or the database was restored), reading starts over there.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from ledgerflux.core.latency import LatencyWindow
from ledgerflux.core.linger import Linger
from ledgerflux.core.traded import Traded
from ledgerflux.errors import BusError, LedgerFluxError, LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.ports import Bus, Clock, SnapshotStore
from ledgerflux.roles import checkpoints
from ledgerflux.roles.history_rows import RowMaker, Rows
from ledgerflux.roles.history_writer import Elsewhere, HistoryWriter
from ledgerflux.roles.log_place import Place, head_number, place_after
from ledgerflux.roles.partition_reader import PartitionReader
from ledgerflux.roles.patience import RETRY_S, Patience
from ledgerflux.roles.turn import Turn
from ledgerflux.telemetry.log import Events
from ledgerflux.wire.record import Record
from ledgerflux.wire.subjects import NORM, norm_subject

DRAIN_S = 4.0
NANOS = 1_000_000_000

log = Events(__name__)


class SnapshotOptions(NamedTuple):
    """How much history, how often.

    Attributes:
        book_interval_s: How often a book that changes is stored, by receive time.
        keep_books_s: Age at which book rows are deleted.
        prune_every_s: How often that is looked for.
        rows_max: Rows that wait before reading stops; a book counts as many as it is larger.
        linger_s: How long rows wait for others before they are written.
        idle_s: The same for a position without rows.
    """

    book_interval_s: float = 60.0
    keep_books_s: float = 86_400.0
    prune_every_s: float = 300.0
    rows_max: int = 5_000
    linger_s: float = 0.5
    idle_s: float = 1.0


class SnapshotPartition:
    """Follows one NORM subject and stores what it holds.

    `head` is the newest record in the log as `look` found it.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        store: SnapshotStore,
        venue: str,
        partition: int,
        products: tuple[str, ...],
        options: SnapshotOptions,
    ) -> None:
        self.partition = partition
        self.products = products
        self.head = 0
        self.ready = False
        self._writer = HistoryWriter(bus, clock, store, venue, partition)
        self._writer.traded.expect(products)
        self._bus = bus
        self._clock = clock
        self._venue = venue
        self._subject = norm_subject(partition, venue)
        self._options = options
        self._patience = Patience(clock)
        self._linger = Linger(
            rows_max=options.rows_max,
            linger_ns=int(options.linger_s * NANOS),
            idle_ns=int(options.idle_s * NANOS),
        )
        self._turn = Turn()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._maker = self._new_maker(0)
        self._pending = Rows(0, 0)
        self._in_flight: Rows | None = None
        self._ended = False

    @property
    def position(self) -> int:
        """Return the number of the last record stored."""
        return self._writer.position

    @property
    def counts(self) -> Counter[str]:
        """Return totals since this object was made."""
        return self._writer.counts

    @property
    def latency(self) -> LatencyWindow:
        """Return the times from publishing to stored."""
        return self._writer.latency

    @property
    def traded(self) -> Traded:
        """Return what was traded, as far as it is stored."""
        return self._writer.traded

    @property
    def stored_ns(self) -> int:
        """Return when something was stored last, 0 before."""
        return self._writer.stored_ns

    @property
    def store_away(self) -> bool:
        """Say whether the store is what is waited for."""
        return self._patience.store_away

    @property
    def trouble(self) -> str:
        """Return what is waited for, empty while all is well."""
        return self._patience.trouble or self._writer.trouble

    @property
    def oldest_ns(self) -> int | None:
        """Return when the oldest record not stored was published; None where none waits."""
        waiting = self._in_flight or self._pending
        return waiting.oldest_ns

    async def run(self) -> None:
        """Work until cancelled; then store what was read, and the books as they are.

        Raises:
            Fenced: A newer term than the log's wrote this partition's history.
            LogError: A record of the log can't be what was written.
            StoreError: The store refuses, and trying again can't help.
        """
        try:
            while True:
                await self._follow()
                await self._clock.sleep(RETRY_S)
        except asyncio.CancelledError:
            await self._drain()
            raise

    async def look(self) -> None:
        """Find the head of the log; an absent bus, or a head that is none, leaves it as it was."""
        try:
            self.head = max(self.position, await head_number(self._bus, NORM, self._subject))
        except (BusError, LogError):
            return

    # -- reading -----------------------------------------------------------------------

    async def _follow(self) -> None:
        """Read and store until reading must start over."""
        place = await self._begin()
        reader = PartitionReader(self._bus, NORM, self._subject)
        try:
            async with (
                reader.follow(place.number, place.crc, sequence=place.sequence) as batches,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(self._write_loop())
                self.ready = True
                await self._read(batches)
        except* Elsewhere:
            self.counts["restarts"] += 1

    async def _begin(self) -> Place:
        """Ask where history stands, load the books, and find the place to read from."""
        self._ended = False
        self._linger.clear()
        self._maker, self._pending, self._in_flight = self._new_maker(0), Rows(0, 0), None
        after = await self._patience.insist(self._writer.find_position)
        saved = await self._patience.insist(
            lambda: checkpoints.load(self._bus, self.partition, self._venue)
        )
        head = await self._patience.insist(lambda: head_number(self._bus, NORM, self._subject))
        if head < after:
            log.warning("log.regressed", partition=self.partition, norm_head=head, history=after)
            self.counts["log_regressions"] += 1
            after = 0
        if saved is not None and saved.norm_number > head:
            saved = None  # of records that the log lost since
        self._maker = self._new_maker(after, saved)
        self._pending = Rows(after, 0)
        if saved is not None and saved.norm_number <= after:
            return Place(saved.norm_number, saved.norm_crc, saved.norm_sequence or 1)
        start = after if saved is not None else 0
        return await self._patience.insist(
            lambda: place_after(self._bus, NORM, self._subject, start)
        )

    def _new_maker(self, after: int, saved: PartitionCheckpoint | None = None) -> RowMaker:
        return RowMaker(
            self._venue,
            self.products,
            after=after,
            checkpoint=saved,
            book_interval_ns=int(self._options.book_interval_s * NANOS),
        )

    async def _read(self, batches: AsyncIterator[Sequence[Record]]) -> None:
        """Take records until the log jumps: then reading starts over behind the jump."""
        try:
            async for records in batches:
                for record in records:
                    await self._take(record)
                    if self._turn.over(len(record.body)):
                        await asyncio.sleep(0)
        except LogError as error:
            if error.code != "log_incomplete":
                raise
        self._ended = True
        self._arrived.set()

    async def _take(self, record: Record) -> None:
        while self._linger.full:
            self._room.clear()
            await self._room.wait()
        lost = self._maker.lost_total
        rows = self._maker.take(record)
        self.counts["lost_records"] += self._maker.lost_total - lost
        if rows is None:
            self._pending.term = record.term
            return
        self._pending.add(rows)
        self._linger.add(rows.weight, self._clock.monotonic_ns())
        self._arrived.set()

    # -- writing -----------------------------------------------------------------------

    async def _write_loop(self) -> None:
        while True:
            wait_ns = self._linger.wait_ns(self._clock.monotonic_ns())
            if wait_ns is None:
                if self._ended:
                    raise Elsewhere
                self._arrived.clear()
                await self._arrived.wait()
            elif wait_ns and not self._ended:
                await self._clock.sleep(min(wait_ns / NANOS, self._options.linger_s))
            else:
                await self._write_pending()

    async def _write_pending(self) -> None:
        rows = self._in_flight = self._pending
        self._pending = Rows(rows.upto, rows.term)
        self._linger.clear()
        self._room.set()
        await self._patience.insist(lambda: self._writer.write(rows))
        self._in_flight = None

    async def _drain(self) -> None:
        """Store what was read, if that can be done now: the next start goes on anyway."""
        waiting = [rows for rows in (self._in_flight, self._pending) if rows is not None]
        waiting[-1].books += self._maker.rest()
        try:
            async with asyncio.timeout(DRAIN_S):
                for rows in waiting:
                    if not rows.empty:
                        await self._writer.write(rows)
        except (LedgerFluxError, TimeoutError, Elsewhere) as error:
            log.warning(
                "drain.cut_short", partition=self.partition, norm=self.position, reason=str(error)
            )
