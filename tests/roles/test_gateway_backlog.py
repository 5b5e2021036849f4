"""Clients that come back from before what a gateway keeps: the rest is read from the log."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count

import pytest
from gateway_support import NormLog, RoleClient, conf, followed, running, until

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.limits import Limits
from ledgerflux.errors import BusError
from ledgerflux.roles import gateway_backlog
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener


class Stack:
    """A gateway that begins at the newest checkpoint: it keeps nothing from before it."""

    def __init__(self, bus) -> None:
        self.listener, identities = MemoryListener(), count(1)
        self.gateway = Gateway(
            bus.connect(),
            SystemClock(),
            self.listener,
            host="127.0.0.1",
            port=0,
            new_identity=lambda: f"d{next(identities)}",
            limits=Limits(),
        )

    async def client(self, **options) -> RoleClient:
        made = RoleClient(self.listener.connect("/v1/ws", **options))
        await made.next_of("welcome")
        return made

    def count(self, name: str) -> int:
        return self.gateway.vitals().counts[name]


@asynccontextmanager
async def fresh(bus):
    stack = Stack(bus)
    task = asyncio.create_task(stack.gateway.run())
    await until(lambda: stack.gateway.vitals().state == "ready")
    try:
        yield stack
    finally:
        task.cancel()
        await asyncio.wait([task])


def raws(client, channel, *kinds):
    return [m.raw for m in client.messages if m.channel == channel and m.type in kinds]


def seqs(client):
    told = [m for m in client.messages if m.channel == "trades" and m.type == "trade"]
    return [trade.seq for message in told for trade in message.trades()]


async def reach(client, channel, seq):
    while not any(m.channel == channel and seq in (m.seq, m.to_seq) for m in client.messages):
        await client.next()


async def trades(log, number):
    """Write `number` records: trades, one or two in each, now and then a hole in them."""
    for made in range(number):
        log.source.trade()
        if made % 3 == 0:
            log.source.trade()
        if made % 10 == 9:
            log.source.trades_missing()
        await log.write()


@pytest.mark.parametrize("token", [True, False])
async def test_a_gateway_that_has_just_started_sends_what_was_before_its_checkpoint(token):
    async with running() as stack:
        log, stays = await followed(stack)
        answer = await stays.subscribe("trades")
        place = {"epoch": "run1", "seq": 0}
        if token:
            place = json.loads(answer.raw)["resume"].get("BTC-USD", place)
        log.source.trade()
        await log.write()
        await trades(log, 40)
        await log.save()
        async with fresh(stack.bus) as other:
            comes = await other.client()
            place = {"epoch": "run1", "seq": 1}
            answer = await comes.subscribe("trades", resume={"BTC-USD": place})
            assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": "replay"})
            await trades(log, 5)
            last = log.source.seqs["trades"]
            await reach(comes, "trades", last)
            await reach(stays, "trades", last)
            assert raws(comes, "trades", "trade", "gap") == raws(stays, "trades", "trade", "gap")[1:]
            await until(lambda: other.count("resume_log_open") == 0)
            assert (other.count("resume_log"), other.count("resume_log_lost")) == (1, 0)
            assert other.count("resume_log_bytes") == 0
