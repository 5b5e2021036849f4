"""One partition on its way from NORM into the store.

Reading stops where `rows_max` rows wait, so an absent store costs no memory; one write is
in flight at most, and is tried until it is stored. Where the stored position turns out to
be another (somebody else wrote, or the database was restored), reading starts over there.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

from ledgerflux.core.history import RefusedRow, RowsRefused
from ledgerflux.core.latency import LatencyWindow
from ledgerflux.core.linger import Linger
from ledgerflux.errors import BusError, Fenced, LedgerFluxError, LogError, StoreError
from ledgerflux.ports import Bus, Clock, SnapshotStore
from ledgerflux.roles import checkpoints
from ledgerflux.roles.history_rows import RowMaker, Rows
from ledgerflux.roles.log_place import Place, head_number, place_after
from ledgerflux.roles.partition_reader import PartitionReader
from ledgerflux.wire.record import Record
from ledgerflux.wire.subjects import DLQ, NORM, dlq_subject, norm_subject

RETRY_S = 0.2
RETRY_MAX_S = 5.0
DRAIN_S = 4.0
NANOS = 1_000_000_000

T = TypeVar("T")
logger = logging.getLogger(__name__)


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
    linger_s: float = 0.2
    idle_s: float = 1.0


class _Elsewhere(Exception):
    """The stored position is not where this reader stands."""


class SnapshotPartition:
    """Follows one NORM subject and stores what it holds.

    `position` is the last record stored, `head` the newest in the log as `look` found it;
    `trouble` says what is waited for, empty while all is well.
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
        self.position = 0
        self.head = 0
        self.ready = False
        self.trouble = ""
        self.counts: Counter[str] = Counter()
        self.latency = LatencyWindow()
        self._bus = bus
        self._clock = clock
        self._store = store
        self._venue = venue
        self._subject = norm_subject(partition, venue)
        self._options = options
        self._linger = Linger(
            rows_max=options.rows_max,
            linger_ns=int(options.linger_s * NANOS),
            idle_ns=int(options.idle_s * NANOS),
        )
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._maker = self._new_maker(0)
        self._pending = Rows(0, 0)
        self._in_flight: Rows | None = None
        self._ended = False

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
        """Find the head of the log; an absent bus leaves it as it was."""
        try:
            self.head = max(self.position, await head_number(self._bus, NORM, self._subject))
        except BusError:
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
        except* _Elsewhere:
            self.counts["restarts"] += 1

    async def _begin(self) -> Place:
        """Ask where history stands, load the books, and find the place to read from."""
        self._ended = False
        self._linger.clear()
        self._in_flight = None
        self.position = await self._insist(
            lambda: self._store.position(self._venue, self.partition)
        )
        saved = await self._insist(lambda: checkpoints.load(self._bus, self.partition, self._venue))
        after = self.position
        head = await self._insist(lambda: head_number(self._bus, NORM, self._subject))
        if head < after:
            logger.warning(
                "partition %02d of %s ends at record %d, history at %d: reading it all again",
                self.partition, self._venue, head, after,
            )  # fmt: skip
            self.counts["log_regressions"] += 1
            after = 0
        self._maker = self._new_maker(after, saved)
        self._pending = Rows(after, 0)
        if saved is not None and saved.norm_number <= after:
            return Place(saved.norm_number, saved.norm_crc, saved.norm_sequence or 1)
        start = after if saved is not None else 0
        return await self._insist(lambda: place_after(self._bus, NORM, self._subject, start))

    def _new_maker(
        self, after: int, saved: checkpoints.PartitionCheckpoint | None = None
    ) -> RowMaker:
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
                    await asyncio.sleep(0)  # a large book must not hold up other partitions
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
                    raise _Elsewhere
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
        await self._insist(lambda: self._write(rows))
        self._in_flight = None

    async def _write(self, rows: Rows) -> None:
        """Write once; a write that was in doubt and landed counts as written."""
        try:
            await self._store.write(
                self._venue,
                self.partition,
                after=self.position,
                upto=rows.upto,
                term=rows.term,
                trades=rows.trades,
                books=rows.books,
                gaps=rows.gaps,
            )
        except RowsRefused as refused:
            self._note(rows)
            await self._bury(rows.upto, refused.rows)
            return
        except StoreError as error:
            if error.code != "store_conflict":
                raise
            await self._settle(rows)
        self._note(rows)

    async def _settle(self, rows: Rows) -> None:
        """Find out why the position was not where it was left.

        Raises:
            Fenced: It is: so a newer term wrote it.
        """
        self.counts["conflicts"] += 1
        position = await self._store.position(self._venue, self.partition)
        if position == rows.upto:
            return
        if position == self.position:
            raise Fenced(
                f"history of partition {self.partition:02d} of {self._venue} was written under"
                f" a newer term than {rows.term}, the log's"
            )
        raise _Elsewhere

    def _note(self, rows: Rows) -> None:
        self.position = rows.upto
        self.counts["trades"] += len(rows.trades)
        self.counts["books"] += len(rows.books)
        self.counts["gap_rows"] += len(rows.gaps)
        self.counts["events"] += rows.events
        self.counts["writes"] += 1
        if rows.oldest_ns is not None:
            self.latency.add(self._clock.now_ns() - rows.oldest_ns)

    async def _bury(self, upto: int, refused: Sequence[RefusedRow]) -> None:
        """Keep rows that can't be stored where refused bytes are kept, with the reason."""
        self.counts["refused_rows"] += len(refused)
        for place, row in enumerate(refused):
            logger.error("%s: a row can't be stored: %s", row.table, row.reason)
            head = {
                "venue": self._venue,
                "partition": self.partition,
                "norm_number": upto,
                "table": row.table,
                "reason": row.reason,
            }
            payload = json.dumps(head).encode() + b"\n" + row.row.encode()
            identity = f"{self._venue}-{self.partition}-history-{upto}-{place}"
            await self._insist(lambda: self._append_dead(payload, identity))  # noqa: B023

    async def _append_dead(self, payload: bytes, identity: str) -> None:
        subject = dlq_subject(self.partition, "history")
        await self._bus.append(DLQ, subject, payload, expected_last=None, identity=identity)

    async def _drain(self) -> None:
        """Store what was read, if that can be done now: the next start goes on anyway."""
        waiting = [rows for rows in (self._in_flight, self._pending) if rows is not None]
        waiting[-1].books += self._maker.rest()
        try:
            async with asyncio.timeout(DRAIN_S):
                for rows in waiting:
                    if not rows.empty:
                        await self._write(rows)
        except (LedgerFluxError, TimeoutError, _Elsewhere) as error:
            logger.warning(
                "partition %02d: history ends at record %d: %s",
                self.partition, self.position, error,
            )  # fmt: skip

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call` returns, tried again as long as that may help."""
        wait_s = RETRY_S
        while True:
            try:
                value = await call()
            except (BusError, StoreError) as error:
                if not error.retryable:
                    raise
                self.trouble = str(error)
                await self._clock.sleep(wait_s)
                wait_s = min(RETRY_MAX_S, wait_s * 2)
            else:
                self.trouble = ""
                return value
