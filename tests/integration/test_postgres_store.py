"""History in a real Postgres, while that fails in every way it can."""

import asyncio
import random
import time
from contextlib import suppress

import psycopg
import pytest

from ledgerflux.adapters import postgres_schema
from ledgerflux.adapters.postgres_store import PostgresStore
from ledgerflux.core.history import RowsRefused
from ledgerflux.errors import StoreError
from ledgerflux.ports import GapRow, TradeRow

V = "test"
ROWS_PER_RECORD = 20


def rows_of(number):
    """The rows of record `number`: any writer makes the same."""
    first = number * ROWS_PER_RECORD
    return [
        TradeRow(V, "BTC-USD", "e1", seq, seq, "61250.10", "0.5", "buy", None, seq)
        for seq in range(first, first + ROWS_PER_RECORD)
    ]


async def put(store, after, upto, trades=(), term=1):
    await store.write(
        V, 3, after=after, upto=upto, term=term, trades=list(trades), books=[], gaps=[]
    )


async def put_until_stored(store, number):
    """Store record `number` as the role does: again after a failure, unless it landed."""
    while True:
        try:
            return await put(store, number - 1, number, rows_of(number))
        except StoreError as error:
            if error.code == "store_conflict":
                assert await position_of(store) == number
                return None
            await asyncio.sleep(0.05)


async def position_of(store):
    while True:
        with suppress(StoreError):
            return await store.position(V, 3)
        await asyncio.sleep(0.05)


async def prepared(store):
    async with asyncio.timeout(15):
        while True:
            with suppress(StoreError):
                return await store.prepare()
            await asyncio.sleep(0.05)


def stored(dsn):
    """What the database holds, asked past the store: position, rows, rows that differ."""
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one instant
        position = connection.execute("SELECT max(number) FROM partition_position").fetchone()[0]
        rows = connection.execute("SELECT count(*), count(DISTINCT seq), max(seq) FROM trade")
        return position, *rows.fetchone()


@pytest.mark.fault
async def test_a_killed_server_leaves_exactly_the_rows_that_the_position_covers(own_postgres):
    chance = random.Random(7)
    written = 0
    async with PostgresStore(own_postgres.dsn) as store, asyncio.TaskGroup() as tasks:
        await prepared(store)

        async def write():
            nonlocal written
            while True:
                await put_until_stored(store, written + 1)
                written += 1

        writer = tasks.create_task(write())
        for _ in range(4):
            target = written + chance.randrange(20, 60)
            async with asyncio.timeout(20):
                while written < target:
                    await asyncio.sleep(chance.random() / 100)
            own_postgres.kill()
            await own_postgres.start()
            position, rows, distinct, newest = stored(own_postgres.dsn)
            assert rows == distinct == position * ROWS_PER_RECORD
            assert newest == (position + 1) * ROWS_PER_RECORD - 1
            assert position in (written, written + 1, written + 2)
        target = written + 20
        async with asyncio.timeout(20):
            while written < target:
                await asyncio.sleep(0.01)
        writer.cancel()


# The library leaves a connection open whose making was cancelled; the collector closes it.
@pytest.mark.filterwarnings("ignore:.*AsyncConnection.*while still open:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.fault
async def test_a_restarted_server_is_found_again_soon(own_postgres):
    async with PostgresStore(own_postgres.dsn) as store:
        await prepared(store)
        own_postgres.kill()
        with pytest.raises(StoreError) as caught:
            await put(store, 0, 1, rows_of(1))
        assert (caught.value.code, caught.value.retryable) == ("store_unavailable", True)
        await asyncio.sleep(4)  # long enough for pauses to grow, if they would
        await own_postgres.start()
        began = time.monotonic()
        async with asyncio.timeout(10):
            await put_until_stored(store, 1)
        assert time.monotonic() - began < 5
        assert stored(own_postgres.dsn)[:2] == (1, ROWS_PER_RECORD)


@pytest.mark.fault
async def test_a_frozen_server_is_an_error_in_bounded_time(own_postgres):
    async with PostgresStore(own_postgres.dsn) as store:
        await prepared(store)
        own_postgres.pause()
        try:
            with pytest.raises(StoreError) as caught:
                async with asyncio.timeout(25):
                    await put(store, 0, 1, rows_of(1))
        finally:
            own_postgres.resume()
        assert caught.value.retryable
        async with asyncio.timeout(15):
            await put_until_stored(store, 1)
        assert stored(own_postgres.dsn)[:2] == (1, ROWS_PER_RECORD)


async def test_a_server_that_is_not_there_is_an_error_at_once(tmp_path):
    async with PostgresStore(f"host={tmp_path} dbname=none connect_timeout=60") as store:
        for call in (store.prepare(), store.position(V, 1), put(store, 0, 1), store.size_bytes()):
            with pytest.raises(StoreError) as caught:
                async with asyncio.timeout(4):
                    await call
            assert (caught.value.code, caught.value.retryable) == ("store_unavailable", True)


async def test_terminated_backends_are_replaced_before_they_are_used(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        await asyncio.gather(*(store.position(V, n) for n in range(32)))
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'ledgerflux' AND datname = current_database()"
            ).fetchone()[0]
        assert ended >= 1
        await put(store, 0, 1, rows_of(1))
        assert stored(postgres_dsn)[:2] == (1, ROWS_PER_RECORD)


async def test_a_backend_terminated_in_a_write_undoes_it(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        await put(store, 0, 1, rows_of(1))
        with psycopg.connect(postgres_dsn) as holder:
            holder.execute("SELECT 1 FROM partition_position FOR UPDATE")
            write = asyncio.create_task(put(store, 1, 2, rows_of(2)))
            with psycopg.connect(postgres_dsn, autocommit=True) as connection:
                while not connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                ).fetchall():
                    await asyncio.sleep(0.01)
            with pytest.raises(StoreError) as caught:
                await write
        assert caught.value.retryable
        assert stored(postgres_dsn)[:2] == (1, ROWS_PER_RECORD)
        await put(store, 1, 2, rows_of(2))


async def test_a_lock_held_by_others_is_an_error_and_no_connection_is_lost(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        await put(store, 0, 1)
        with psycopg.connect(postgres_dsn) as holder:
            holder.execute("LOCK TABLE trade IN ACCESS EXCLUSIVE MODE")
            results = await asyncio.gather(
                *(put(store, 1, 2, rows_of(2)) for _ in range(3)), return_exceptions=True
            )
            assert [result.code for result in results] == ["store_unavailable"] * 3
            assert await store.position(V, 3) == 1
        await put(store, 1, 2, rows_of(2))


async def test_a_cancelled_write_stores_nothing_and_gives_its_connection_back(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        await put(store, 0, 1)
        for _ in range(6):
            with psycopg.connect(postgres_dsn) as holder:
                holder.execute("LOCK TABLE trade IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await put(store, 1, 2, rows_of(2))
        assert stored(postgres_dsn)[:2] == (1, 0)
        await put(store, 1, 2, rows_of(2))


async def test_a_connection_that_is_being_tried_when_its_caller_is_cancelled_is_closed(
    postgres_dsn,
):
    async with PostgresStore(postgres_dsn) as store:
        await prepared(store)
        (idle,) = store._idle
        tried = asyncio.Event()

        async def execute(_):
            tried.set()
            await asyncio.Event().wait()

        idle.execute = execute
        asking = asyncio.create_task(store.position("x", 0))
        await tried.wait()
        asking.cancel()
        await asyncio.wait([asking])
        assert idle.closed


async def test_a_database_made_by_a_newer_version_is_refused(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        with psycopg.connect(postgres_dsn) as connection:
            connection.execute("UPDATE schema_version SET version = version + 1")
        with pytest.raises(StoreError) as caught:
            await store.prepare()
    assert (caught.value.code, caught.value.retryable) == ("schema_newer", False)


async def test_a_database_of_an_older_version_is_brought_up_with_what_it_holds(postgres_dsn):
    older = GapRow(V, "BTC-USD", "trades", "e1", 1, "upstream", "missing=2", 7)
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute(postgres_schema.MIGRATIONS[0])
        connection.execute(postgres_schema.WRITE_VERSION, {"version": 1})
        connection.execute(
            "INSERT INTO gap VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", tuple(older)[:8]
        )
    newer = older._replace(seq=2, missing=2, from_id=5, to_id=6)
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        await store.write(V, 3, after=0, upto=1, term=1, trades=[], books=[], gaps=[newer])
    with psycopg.connect(postgres_dsn) as connection:
        rows = connection.execute("SELECT * FROM gap ORDER BY seq").fetchall()
    assert rows == [tuple(older), tuple(newer)]


async def test_a_strange_table_of_our_name_is_refused(postgres_dsn):
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("CREATE TABLE trade (x int)")
    async with PostgresStore(postgres_dsn) as store:
        with pytest.raises(StoreError) as caught:
            await store.prepare()
        assert not caught.value.retryable
        with pytest.raises(StoreError) as caught:
            await store.position(V, 1)
        assert not caught.value.retryable


async def test_many_may_prepare_an_empty_database_at_once(postgres_dsn):
    async with PostgresStore(postgres_dsn) as one, PostgresStore(postgres_dsn) as two:
        await asyncio.gather(*(store.prepare() for store in (one, two) for _ in range(3)))
    with psycopg.connect(postgres_dsn) as connection:
        versions = connection.execute("SELECT version FROM schema_version").fetchall()
    assert versions == [(postgres_schema.VERSION,)]


async def test_numbers_for_queries_stand_beside_the_texts(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        row = rows_of(1)[0]
        await put(store, 0, 1, [row._replace(price="007.10", size="-0.50")])
    with psycopg.connect(postgres_dsn) as connection:
        found = connection.execute("SELECT price, size, price_value, size_value FROM trade")
        price, size, price_value, size_value = found.fetchone()
    assert (price, size) == ("007.10", "-0.50")
    assert (str(price_value), str(size_value)) == ("7.10", "-0.50")


async def test_a_batch_of_nothing_but_refused_rows_ends(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        bad = [row._replace(price="x") for number in range(10) for row in rows_of(number)]
        with pytest.raises(RowsRefused) as caught:
            await put(store, 0, 1, bad)
        assert len(caught.value.rows) == len(bad)
        assert await store.position(V, 3) == 1


async def test_a_text_too_long_for_an_index_is_refused_alone(postgres_dsn):
    noise = "".join(chr(random.Random(n).randrange(0x100, 0x2FFF)) for n in range(9_000))
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
        one, two = rows_of(1)[:2]
        with pytest.raises(RowsRefused) as caught:
            await put(store, 0, 1, [one, two._replace(epoch=noise)])
        (refused,) = caught.value.rows
        assert len(refused.row) == 2_000, "what is kept of it is cut"
    assert stored(postgres_dsn)[:2] == (1, 1)


async def test_a_read_only_server_is_waited_for(postgres_dsn):
    async with PostgresStore(postgres_dsn) as store:
        await store.prepare()
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with PostgresStore(postgres_dsn) as store:
        with pytest.raises(StoreError, match="read-only") as caught:
            await put(store, 0, 1, rows_of(1))
    assert (caught.value.code, caught.value.retryable) == ("store_unavailable", True)
