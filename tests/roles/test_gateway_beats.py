"""The channel `system`: once a second, and at once when a service's state changes."""

import asyncio
import json

import msgspec
import pytest
from gateway_support import RoleClient, followed, running

from ledgerflux.roles import gateway
from ledgerflux.roles.gateway_health import HealthBoard
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.health import Health, ServiceHealth, SupervisorHealth


def normalizer(now_ns=0, **more) -> Health:
    return Health("normalize", "0", 7, "ready", now_ns, now_ns, **more)


def boss(state, pid, now_ns=0, cpu=0.5) -> SupervisorHealth:
    child = ServiceHealth("normalize-0", pid, state, cpu, 1, 0, now_ns)
    return SupervisorHealth(9, now_ns, "synthetic:1", "process", 1, 7, [child])


def told(board, record) -> bool:
    """Let the board hear a record; say whether that is a change."""
    board.changed.clear()
    key = "supervisor.local" if isinstance(record, SupervisorHealth) else record.key
    board.hear(key, msgspec.json.encode(record))
    return board.changed.is_set()


def test_a_change_is_another_process_or_another_state():
    board = HealthBoard(MemoryBus(), ManualClock())
    assert told(board, normalizer())
    assert not told(board, normalizer(rate=5.0))
    assert told(board, msgspec.structs.replace(normalizer(), state="degraded"))
    assert told(board, msgspec.structs.replace(normalizer(), state="degraded", pid=8))
    assert told(board, boss("ready", 7))
    assert not told(board, boss("ready", 7, cpu=0.9))
    assert told(board, boss("restarting", None))
    assert told(board, boss("starting", 8))


@pytest.fixture
def no_beats(monkeypatch):
    """Make the gateway's beat so slow that what is told is told because of a change."""
    monkeypatch.setattr(gateway, "BEAT_S", 3600.0)


async def system_states(client: RoleClient, wanted: str) -> list[str]:
    """Return the states of the first shard as told, up to `wanted`."""
    states: list[str] = []
    while wanted not in states:
        message = await client.next()
        if message.channel == "system" and message.type == "status":
            shards = json.loads(message.raw)["data"]["shards"]
            states += [row["state"] for row in shards]
    return states


async def test_followers_of_system_hear_of_a_killed_shard_and_its_recovery_at_once(no_beats):
    async with running() as stack, asyncio.timeout(20):
        _, client = await followed(stack)
        await client.ask("subscribe", channel="system")
        bus, now_ns = stack.bus, stack.gateway._clock.now_ns()
        await bus.put("LF_HEALTH", "normalize.0", msgspec.json.encode(normalizer(now_ns)))
        assert (await system_states(client, "ready"))[-1] == "ready"
        killed = boss("restarting", None, now_ns + 1)
        await bus.put("LF_HEALTH", "supervisor.local", msgspec.json.encode(killed))
        assert (await system_states(client, "restarting"))[-1] == "restarting"
        again = msgspec.structs.replace(normalizer(now_ns + 2), pid=8)
        await bus.put("LF_HEALTH", "normalize.0", msgspec.json.encode(again))
        assert (await system_states(client, "ready"))[-1] == "ready"
