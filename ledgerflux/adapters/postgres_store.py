"""`ports.SnapshotStore` on Postgres: rows and the position that covers them commit together.

One write is one transaction::

    UPDATE partition_position ... WHERE number = :after AND term <= :term   one row, or undone
    COPY trade, COPY book_snapshot, COPY gap
    COMMIT

The position moves first: it locks its row, so a second writer of the partition waits and
then finds another number. That alone keeps rows from being stored twice.

Where Postgres refuses a row, because it is there already (a log read again from an earlier
place) or for what it holds, the transaction is done again by way of temporary tables and
`ON CONFLICT DO NOTHING`, a third of the speed: rows that are there are left alone, and around
a row that can't be stored the batch is halved until it stands alone and is reported.

No server can hold a caller for long: connecting, statements, locks, idle transactions and
each whole operation have their limits. An idle connection is tried before it is lent, and a
dead one replaced at once: `psycopg_pool` does that too, but pauses a second for each dead
one, and hides why Postgres refused.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from ledgerflux.adapters import postgres_schema as schema
from ledgerflux.core.history import RefusedRow, RowsRefused
from ledgerflux.errors import StoreError
from ledgerflux.ports import BookRow, GapRow, TradeRow

CONNECT_S = 2
OPERATION_S = 6.0
SEARCH_S = 60.0
"""Finding the refused rows among many takes a few statements for each."""
CONNECTIONS_MAX = 4

_Connection = psycopg.AsyncConnection[TupleRow]
_ROW_ERRORS = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    UnicodeEncodeError,
)
"""The row is at fault: trying again can't help."""

_Rows = Sequence[tuple[Any, ...]]
_Batch = Sequence[tuple[schema.Table, _Rows]]


class PostgresStore:
    """History in the database that `dsn` names.

    Connections are made when they are needed: a call says `store_unavailable` while the
    server is away, and works from then on.
    """

    def __init__(self, dsn: str, password: str | None = None) -> None:
        self._dsn = dsn
        self._password = password
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[_Connection] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; one that is lent closes when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def prepare(self) -> None:
        """Create or check the schema; see `ports.SnapshotStore.prepare`."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(schema.LOCK)
            version = await _schema_version(connection)
            if version > schema.VERSION:
                raise _final(
                    f"the database has schema version {version}, we know {schema.VERSION}",
                    "schema_newer",
                )
            for migration in schema.MIGRATIONS[version:]:
                await connection.execute(migration)
            if version < schema.VERSION:
                await connection.execute(schema.WRITE_VERSION, {"version": schema.VERSION})

    async def position(self, venue: str, partition: int) -> int:
        """Return the stored position; see `ports.SnapshotStore.position`."""
        async with self._connection() as connection:
            cursor = await connection.execute(schema.POSITION, {"venue": venue, "part": partition})
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

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
        move = {"venue": venue, "part": partition, "after": after, "upto": upto, "term": term}
        kinds = ((schema.TRADE, trades), (schema.BOOK, books), (schema.GAP, gaps))
        batch: _Batch = [(table, rows) for table, rows in kinds if rows]
        try:
            async with self._connection() as connection, connection.transaction():
                await _move(connection, move)
                for table, rows in batch:
                    await _copy(connection, table.copy, rows)
        except StoreError as error:
            if not isinstance(error.__cause__, _ROW_ERRORS):
                raise
            refused = await self._write_again(move, batch)
            if refused:
                raise RowsRefused(refused) from error

    async def prune(self, *, books_before_ns: int) -> int:
        """Delete old books, some at a time; see `ports.SnapshotStore.prune`."""
        deleted_total = 0
        while True:
            async with self._connection() as connection:
                cursor = await connection.execute(
                    schema.PRUNE, {"before": books_before_ns, "rows": schema.PRUNE_ROWS}
                )
            deleted_total += cursor.rowcount
            if cursor.rowcount < schema.PRUNE_ROWS:
                return deleted_total

    async def counts(self, venue: str) -> Mapping[str, int]:
        """Return rows held of `venue`; see `ports.SnapshotStore.counts`."""
        async with self._connection(SEARCH_S) as connection, connection.transaction():
            await connection.execute(schema.SLOW)
            row = await (await connection.execute(schema.COUNTS, {"venue": venue})).fetchone()
        assert row is not None
        return dict(zip(("trades", "books", "gaps"), row, strict=True))

    async def trade_rows(self, venue: str) -> AsyncIterator[TradeRow]:
        """Yield all trades; see `ports.SnapshotStore.trade_rows`.

        Page by page: no transaction is held open while the caller works.
        """
        place = {"venue": venue, "product": "", "epoch": "", "seq": 0, "rows": schema.PAGE_ROWS}
        while True:
            async with self._connection() as connection:
                rows = await (await connection.execute(schema.TRADES, place)).fetchall()
            for row in rows:
                yield TradeRow(*row)
            if len(rows) < schema.PAGE_ROWS:
                return
            place |= {"product": rows[-1][1], "epoch": rows[-1][2], "seq": rows[-1][3]}

    async def size_bytes(self) -> int:
        """Return the size of the database; see `ports.SnapshotStore.size_bytes`."""
        async with self._connection() as connection:
            cursor = await connection.execute(schema.SIZE)
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def _write_again(self, move: dict[str, Any], batch: _Batch) -> list[RefusedRow]:
        """Store what can be stored and move the position; return the rows that can't be."""
        refused: list[RefusedRow] = []
        async with self._connection(SEARCH_S) as connection, connection.transaction():
            await _move(connection, move)
            for table, rows in batch:
                refused += await _add(connection, table, rows)
        return refused

    @asynccontextmanager
    async def _connection(self, deadline_s: float = OPERATION_S) -> AsyncIterator[_Connection]:
        """Lend a connection that works; whatever fails inside becomes a StoreError."""
        try:
            async with asyncio.timeout(deadline_s), self._slots:
                connection = await self._take()
                try:
                    yield connection
                finally:
                    await self._give_back(connection)
        except TimeoutError as error:
            raise StoreError(f"Postgres gave no answer in {deadline_s:g} s") from error
        except (psycopg.Error, *_ROW_ERRORS) as error:
            raise _store_error(error) from error

    async def _take(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("")
            except psycopg.Error:
                await connection.close()
            except BaseException:
                await connection.close()
                raise
            else:
                return connection
        return await _connect(self._dsn, self._password)

    async def _give_back(self, connection: _Connection) -> None:
        if not self._closed and connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            await connection.close()


async def _connect(dsn: str, password: str | None) -> _Connection:
    given: dict[str, Any] = {} if password is None else {"password": password}
    connection: _Connection = await psycopg.AsyncConnection.connect(
        dsn,
        autocommit=True,
        connect_timeout=CONNECT_S,
        application_name="ledgerflux",
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=2,
        **given,
    )
    try:
        await connection.execute(schema.LIMITS)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _schema_version(connection: _Connection) -> int:
    made = await (await connection.execute(schema.HAS_VERSION)).fetchone()
    if not (made and made[0]):
        return 0
    row = await (await connection.execute(schema.READ_VERSION)).fetchone()
    return int(row[0]) if row else 0


async def _move(connection: _Connection, move: dict[str, Any]) -> None:
    """Move the position, or undo the transaction by raising."""
    moved = (await connection.execute(schema.MOVE, move)).rowcount
    if not moved and move["after"] == 0:
        moved = (await connection.execute(schema.FIRST, move)).rowcount
    if not moved:
        raise StoreError(
            "partition {part} of {venue}: the stored position is not {after},"
            " or a newer term than {term} wrote".format(**move),
            code="store_conflict",
        )


async def _copy(connection: _Connection, statement: str, rows: _Rows) -> None:
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def _add(connection: _Connection, table: schema.Table, rows: _Rows) -> list[RefusedRow]:
    """Add what is not there yet, halving around rows that can't be stored; return those."""
    try:
        async with connection.transaction():
            await connection.execute(table.stage)
            await connection.execute(table.empty)
            await _copy(connection, table.copy_staged, rows)
            await connection.execute(table.insert)
    except _ROW_ERRORS as error:
        if len(rows) == 1:
            return [RefusedRow(table.name, ascii(tuple(rows[0]))[:2000], _reason(error))]
        middle = len(rows) // 2
        left = await _add(connection, table, rows[:middle])
        return left + await _add(connection, table, rows[middle:])
    return []


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())


def _store_error(error: Exception) -> StoreError:
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)):
        return StoreError(f"Postgres: {_reason(error)}")
    return _final(f"Postgres: {_reason(error)}", "store_unavailable")


def _final(message: str, code: str) -> StoreError:
    """Return an error that trying again can't cure."""
    refused = StoreError(message, code=code)
    refused.retryable = False
    return refused
