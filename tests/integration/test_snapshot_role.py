"""The role snapshot on real servers that are killed."""

import asyncio

import psycopg
import pytest
from history_support import PARTITION, Log, conf, running, stored, trades_of, until

from ledgerflux.adapters.postgres_store import PostgresStore
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus


def covered(dsn):
    """What the database holds: position, newest record with a row, rows, rows that differ."""
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one instant
        position = connection.execute("SELECT max(number) FROM partition_position").fetchone()[0]
        rows = connection.execute("SELECT max(seq), count(*), count(DISTINCT seq) FROM trade")
        return position, *rows.fetchone()


@pytest.mark.fault
async def test_a_killed_postgres_costs_history_nothing(own_postgres):
    bus = MemoryBus()
    await write_feed(bus, conf())
    log = await Log(bus).open()
    async with PostgresStore(own_postgres.dsn) as store:
        async with running(bus, store) as role, asyncio.TaskGroup() as group:
            enough = asyncio.Event()

            async def grow():
                while not enough.is_set():
                    await log.grow(5)
                    await asyncio.sleep(0.002)

            growing = group.create_task(grow())
            for _ in range(3):
                before = role.vitals().counts["trades"]
                await until(lambda: role.vitals().counts["trades"] > before + 200)  # noqa: B023
                own_postgres.kill()
                await until(lambda: role.vitals().state == "degraded")
                await own_postgres.start()
                position, newest, rows, distinct = covered(own_postgres.dsn)
                # The writer's first record claims the log; each other one holds one trade.
                assert rows == distinct == newest == position - 1
            enough.set()  # not cancelled: what it wrote down would not be in the log
            await growing
            await stored(store, log.number)
            await until(lambda: role.vitals().state == "ready")
        assert await trades_of(store) == log.rows
        assert await store.position("test", PARTITION) == log.number
