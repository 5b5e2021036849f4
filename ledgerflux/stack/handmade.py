"""A gateway that was started by hand beside a stack: found by its health record."""

import asyncio

import msgspec

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import BusError
from ledgerflux.stack.run_dir import GatewayAddress, NatsAddress, RunDir
from ledgerflux.wire.health import HEALTH_BUCKET, Health

GATEWAY_KEY = "gateway.0"


def gateway_of(run_dir: RunDir) -> GatewayAddress | None:
    """Return where the gateway of a running stack is, its own or one started by hand."""
    state = run_dir.read()
    if state is None or run_dir.holder() is None:
        return None
    if state.gateway is not None or state.nats is None:
        return state.gateway
    return asyncio.run(_by_health(state.nats))


async def _by_health(nats: NatsAddress) -> GatewayAddress | None:
    opened = NatsBus.open(nats.url, user=nats.user, password=nats.password, name="lf")
    try:
        async with opened as bus:
            value = await bus.get(HEALTH_BUCKET, GATEWAY_KEY)
    except BusError:
        return None
    if value is None:
        return None
    http = msgspec.json.decode(value, type=Health).http
    return GatewayAddress(ws=f"{http.replace('http', 'ws', 1)}/v1/ws", http=http)
