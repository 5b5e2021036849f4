"""History in memory: same answers as Postgres, faults on demand, no I/O."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from ledgerflux.core.history import RefusedRow, RowsRefused
from ledgerflux.errors import StoreError
from ledgerflux.model.units import is_decimal
from ledgerflux.ports import BookRow, GapRow, TradeRow

Fault = Literal["lose-ack", "lose-write"]
_INTEGER_MAX = 2**63 - 1


class SharedTables:
    """What all connections see: rows by key, positions by (venue, partition)."""

    def __init__(self) -> None:
        self.trades: dict[tuple[Any, ...], TradeRow] = {}
        self.books: dict[tuple[Any, ...], BookRow] = {}
        self.gaps: dict[tuple[Any, ...], GapRow] = {}
        self.positions: dict[tuple[str, int], tuple[int, int]] = {}


class MemoryStore:
    """`ports.SnapshotStore` for one process; instances made by `connect` share the tables.

    Faults of writes are scripted with `fail_write`; `down` makes everything unreachable.
    """

    def __init__(self, shared: SharedTables | None = None) -> None:
        self.shared = shared or SharedTables()
        self.down = False
        self.writes_total = 0
        self._faults: deque[Fault] = deque()

    def connect(self) -> "MemoryStore":
        """Return another connection to the same tables."""
        return MemoryStore(self.shared)

    def fail_write(self, *faults: Fault) -> None:
        """Let the next writes fail so: `lose-ack` stores and says it could not."""
        self._faults.extend(faults)

    async def prepare(self) -> None:
        """Check that the store is there; see `ports.SnapshotStore.prepare`."""
        await self._reach()

    async def position(self, venue: str, partition: int) -> int:
        """Return the stored position; see `ports.SnapshotStore.position`."""
        await self._reach()
        return self.shared.positions.get((venue, partition), (0, 0))[0]

    async def write(
        self,
        venue: str,
        partition: int,
        *,
        after: int,
        upto: int,
        term: int,
        trades: Sequence[TradeRow],
        books: Sequence[BookRow],
        gaps: Sequence[GapRow],
    ) -> None:
        """Store rows and move the position; see `ports.SnapshotStore.write`.

        Raises:
            RowsRefused: The named rows can't be stored; all else was.
            StoreError: As the port says; nothing was stored.
        """
        await self._reach()
        self.writes_total += 1
        fault = self._faults.popleft() if self._faults else None
        if fault == "lose-write":
            raise StoreError("the write was lost")
        number, last_term = self.shared.positions.get((venue, partition), (0, 0))
        if number != after or last_term > term:
            raise StoreError(
                f"partition {partition} of {venue}: the stored position is not {after},"
                f" or a newer term than {term} wrote",
                code="store_conflict",
            )
        refused = [
            *_add(self.shared.trades, "trade", trades, TradeRow._fields[:4]),
            *_add(self.shared.books, "book_snapshot", books, BookRow._fields[:4]),
            *_add(self.shared.gaps, "gap", gaps, GapRow._fields[:5]),
        ]
        self.shared.positions[venue, partition] = upto, term
        if fault == "lose-ack":
            raise StoreError("the answer was lost")
        if refused:
            raise RowsRefused(refused)

    async def prune(self, *, books_before_ns: int) -> int:
        """Delete old books; see `ports.SnapshotStore.prune`."""
        await self._reach()
        old = [key for key, row in self.shared.books.items() if row.receive_ns < books_before_ns]
        for key in old:
            del self.shared.books[key]
        return len(old)

    async def counts(self, venue: str) -> Mapping[str, int]:
        """Return rows held of `venue`; see `ports.SnapshotStore.counts`."""
        await self._reach()
        tables: dict[str, dict[tuple[Any, ...], Any]] = {
            "trades": self.shared.trades,
            "books": self.shared.books,
            "gaps": self.shared.gaps,
        }
        return {name: sum(key[0] == venue for key in rows) for name, rows in tables.items()}

    async def trade_rows(self, venue: str) -> AsyncIterator[TradeRow]:
        """Yield all trades; see `ports.SnapshotStore.trade_rows`."""
        await self._reach()
        for key in sorted(self.shared.trades):
            if key[0] == venue:
                yield self.shared.trades[key]

    async def size_bytes(self) -> int:
        """Return what the book bodies take; see `ports.SnapshotStore.size_bytes`."""
        await self._reach()
        return 1 + sum(len(row.body) for row in self.shared.books.values())

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise StoreError("the store is down")


def _add(
    held: dict[tuple[Any, ...], Any], table: str, rows: Sequence[Any], key: Sequence[str]
) -> list[RefusedRow]:
    """Add rows whose key is new; return those that Postgres would refuse."""
    refused = []
    for row in rows:
        reason = _refusal(row)
        if reason:
            refused.append(RefusedRow(table, ascii(tuple(row))[:2000], reason))
        else:
            held.setdefault(tuple(getattr(row, name) for name in key), row)
    return refused


def _refusal(row: Any) -> str:
    """Return why Postgres would refuse `row`; empty where it would not."""
    for value in row:
        if isinstance(value, str) and ("\0" in value or not _encodes(value)):
            return "a text holds what is no character"
        if isinstance(value, int) and abs(value) > _INTEGER_MAX:
            return "a number is out of range"
    if isinstance(row, TradeRow) and not (is_decimal(row.price) and is_decimal(row.size)):
        return "a price or size is no number"
    return ""


def _encodes(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
