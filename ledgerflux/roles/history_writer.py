"""Writes one partition's history: each batch once, from where the last one ended."""

from collections import Counter
from collections.abc import Sequence

from ledgerflux.core.history import RefusedRow, RowsRefused
from ledgerflux.core.latency import LatencyWindow
from ledgerflux.core.traded import Traded
from ledgerflux.errors import Fenced, StoreError
from ledgerflux.ports import Bus, Clock, SnapshotStore
from ledgerflux.roles.history_rows import Rows
from ledgerflux.roles.patience import Patience
from ledgerflux.telemetry.log import Events
from ledgerflux.wire.dead_letter import LetterHead, encode_letter
from ledgerflux.wire.subjects import DLQ, dlq_subject

HISTORY = "history"
"""The reason of rows that the store refuses."""

log = Events(__name__)


class Elsewhere(Exception):
    """The stored position is not where this writer stands."""


class HistoryWriter:
    """Holds the position; `latency` is the time from publishing to stored.

    `stored_ns` is when something was stored last, 0 before.
    """

    def __init__(
        self, bus: Bus, clock: Clock, store: SnapshotStore, venue: str, partition: int
    ) -> None:
        self.position = 0
        self.counts: Counter[str] = Counter()
        self.latency = LatencyWindow()
        self.traded = Traded()
        self.stored_ns = 0
        self._bus = bus
        self._clock = clock
        self._store = store
        self._venue = venue
        self._partition = partition
        self._patience = Patience(clock)

    @property
    def trouble(self) -> str:
        """Return what is waited for, empty while all is well."""
        return self._patience.trouble

    async def find_position(self) -> int:
        """Ask the store where history stands, and go on from there.

        Raises:
            StoreError: The store does not answer.
        """
        self.position = await self._store.position(self._venue, self._partition)
        return self.position

    async def write(self, rows: Rows) -> None:
        """Write once; a write that was in doubt and landed counts as written.

        Raises:
            Elsewhere: The stored position is another.
            Fenced: A newer term than the log's wrote.
            StoreError: Nothing was stored, or nobody knows.
        """
        try:
            await self._store.write(
                self._venue,
                self._partition,
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
        """Find out why the position is not where it was left."""
        self.counts["conflicts"] += 1
        position = await self._store.position(self._venue, self._partition)
        if position == self.position:
            raise Fenced(
                f"history of partition {self._partition:02d} of {self._venue} was written under"
                f" a newer term than {rows.term}, the log's"
            )
        if position != rows.upto:  # else an earlier try landed, only its answer was lost
            raise Elsewhere(f"history stands at record {position}, not at {self.position}")

    def _note(self, rows: Rows) -> None:
        self.position = rows.upto
        self.counts["trades"] += len(rows.trades)
        self.counts["books"] += len(rows.books)
        self.counts["gap_rows"] += len(rows.gaps)
        self.counts["events"] += rows.events
        self.counts["writes"] += 1
        self.stored_ns = self._clock.now_ns()
        if rows.oldest_ns is not None:
            self.latency.add(self.stored_ns - rows.oldest_ns)
        for row in rows.trades:
            self.traded.add(row.product, row.side, row.size)

    async def _bury(self, upto: int, refused: Sequence[RefusedRow]) -> None:
        """Keep rows that can't be stored where refused bytes are kept, with the reason."""
        self.counts["refused_rows"] += len(refused)
        for place, row in enumerate(refused):
            log.error("row.refused", table=row.table, reason=row.reason)
            head = LetterHead(
                self._venue,
                self._partition,
                HISTORY,
                row.reason,
                norm_number=upto,
                table=row.table,
            )
            payload = encode_letter(head, row.row.encode())
            identity = f"{self._venue}-{self._partition}-history-{upto}-{place}"
            await self._patience.insist(lambda: self._append(payload, identity))  # noqa: B023

    async def _append(self, payload: bytes, identity: str) -> None:
        subject = dlq_subject(self._partition, HISTORY)
        await self._bus.append(DLQ, subject, payload, expected_last=None, identity=identity)
