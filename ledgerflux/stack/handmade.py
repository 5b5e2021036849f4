"""A gateway that was started by hand beside a stack: found by its health record."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.client.way import use_way, usual_way
from ledgerflux.errors import BusError
from ledgerflux.stack.run_dir import GatewayAddress, NatsAddress, RunDir
from ledgerflux.wire.health import HEALTH_BUCKET, Health

GATEWAY_KEY = "gateway.0"


def addresses_of(run_dir: RunDir) -> list[GatewayAddress]:
    """Return where the gateways of a running stack are, its own or one started by hand."""
    state = run_dir.read()
    if state is None or not run_dir.is_up(state):
        return []
    if state.gateways or state.nats is None:
        return state.gateways
    found = asyncio.run(_by_health(state.nats))
    return [] if found is None else [found]


def reach(run_dir: RunDir) -> list[GatewayAddress]:
    """Return `addresses_of`; from now on this process believes who they say they are."""
    found = addresses_of(run_dir)
    believe(found)
    return found


def believe(gateways: Sequence[GatewayAddress]) -> None:
    """Let every client and question of this process believe the certificate of `gateways`."""
    for one in gateways:
        if one.certificate is not None:
            use_way(usual_way()._replace(certificate=Path(one.certificate)))


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
