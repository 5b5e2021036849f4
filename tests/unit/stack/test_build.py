from contextlib import AsyncExitStack
from pathlib import Path

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.limits import Limits
from ledgerflux.settings import RoleSettings
from ledgerflux.stack.build import BUILDERS, Tools


async def test_a_gateway_takes_the_clients_of_a_network_that_many_share():
    settings = RoleSettings(data_dir=Path(), nats_url="", shared_networks=("10.0.0.0/8",))
    async with AsyncExitStack() as held:
        gateway = await BUILDERS["gateway"](settings, Tools(None, SystemClock(), "w", held))
    many = range(Limits().connections_per_address + 1)
    assert {gateway._door.admit("10.1.2.3") for _ in many} == {None}
    assert gateway._door.admit("127.0.0.1") is None
    assert any(gateway._door.admit("11.1.2.3") for _ in many)
