"""One question to the bus of a running stack."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.stack.run_dir import RunDir

T = TypeVar("T")


def ask_bus(run_dir: RunDir, question: Callable[[NatsBus], Awaitable[T]], *, name: str) -> T:
    """Return what `question` finds on the bus of the stack in `run_dir`; `name` is ours there.

    Raises:
        NotRunning: No stack runs there.
        BusError: Its NATS does not answer.
    """
    _, nats = run_dir.running_with_nats()

    async def answer() -> T:
        opened = NatsBus.open(nats.url, user=nats.user, password=nats.password, name=name)
        async with opened as bus:
            return await question(bus)

    return asyncio.run(answer())
