"""verify on a running stack: its bus and its store, put together."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.postgres_store import PostgresStore
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.roles.verify import Verifier
from ledgerflux.roles.verify_report import Report
from ledgerflux.stack.run_dir import RunDir


def verify(run_dir: RunDir, shard_counts: Sequence[int]) -> Report:
    """Check everything the stack of `run_dir` has stored.

    Raises:
        NotRunning: No stack runs there.
        BusError: Its NATS does not answer.
        StoreError: Its Postgres does not answer.
    """
    return asyncio.run(_verify(run_dir, shard_counts))


async def _verify(run_dir: RunDir, shard_counts: Sequence[int]) -> Report:
    state, nats = run_dir.running_with_nats()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            NatsBus.open(nats.url, user=nats.user, password=nats.password, name="verify")
        )
        store: PostgresStore | None = None
        if state.postgres is not None:
            store = await stack.enter_async_context(PostgresStore(state.postgres))
            await store.prepare()
        return await Verifier(bus, SystemClock(), store).run(shard_counts)
