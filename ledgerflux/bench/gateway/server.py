"""`python -m ledgerflux.bench.gateway.server`: the gateway role in a process of its own.

Built as `lf run gateway` builds it, health record and metrics too; it only takes more clients.
Standard input says where its NATS is, and its end ends it.
"""

import asyncio
import os
import sys
from uuid import uuid4

import msgspec
import uvloop

from ledgerflux.adapters.collector import calm_collector
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.process_usage import ProcessUsage
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.core.limits import Limits
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.runtime import HealthLoop, Identity

HOST = "127.0.0.1"


class Order(msgspec.Struct, frozen=True):
    """What standard input says first, as JSON in a line."""

    url: str
    user: str
    password: str
    port: int
    clients_max: int


async def serve(order: Order) -> None:
    """Serve until standard input ends.

    Raises:
        BusError: NATS can't be reached.
        Conflict: The port is taken.
    """
    clock = SystemClock()
    async with NatsBus.open(order.url, user=order.user, password=order.password) as bus:
        gateway = Gateway(
            bus,
            clock,
            WsListener(),
            host=HOST,
            port=order.port,
            new_identity=lambda: uuid4().hex[:12],
            limits=Limits(clients_max=order.clients_max),
        )
        identity = Identity("gateway", "0", os.getpid())
        health = HealthLoop(bus, clock, identity, ProcessUsage(), gateway.vitals)
        gateway.mount(health.routes())
        async with asyncio.TaskGroup() as group:
            group.create_task(health.run())
            group.create_task(gateway.run())
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            os._exit(0)  # with its clients as they are: they are measured no more


if __name__ == "__main__":
    calm_collector()
    uvloop.run(serve(msgspec.json.decode(sys.stdin.readline(), type=Order)))
