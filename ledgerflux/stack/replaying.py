"""Control of a running stack's exchange."""

import asyncio

import msgspec

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import Conflict
from ledgerflux.roles.exchange import Started
from ledgerflux.settings import parse_source
from ledgerflux.stack.run_dir import NatsAddress, RunDir
from ledgerflux.wire.subjects import exchange_subject

ANSWER_S = 10.0
"""A machine that is busy starting a stack may keep the exchange from answering for seconds."""


def start_market(run_dir: RunDir) -> Started:
    """End the pause of the exchange of the stack in `run_dir`; say what it does now.

    Raises:
        NotRunning: No stack runs there.
        Conflict: Its source is a live venue, which nobody starts (`no_exchange`).
        BusError: NATS, or the exchange, does not answer.
    """
    state, nats = run_dir.running_with_nats()
    if not parse_source(state.source).needs_exchange:
        raise Conflict(
            f"the stack's source is {state.source}: it has no exchange to start",
            code="no_exchange",
            try_next=["lf down", "lf up --source replay:FILE"],
        )
    return asyncio.run(_start(nats))


async def _start(nats: NatsAddress) -> Started:
    bus_of = NatsBus.open(nats.url, user=nats.user, password=nats.password, name="replay")
    async with bus_of as bus:
        answer = await bus.request(exchange_subject("start"), b"", timeout_s=ANSWER_S)
    return msgspec.json.decode(answer, type=Started)
