import asyncio

import pytest

from ledgerflux.core.nats_state import NatsState, StreamNumbers
from ledgerflux.errors import BusError
from ledgerflux.roles.nats_watch import NatsWatch
from ledgerflux.telemetry.measures import NATS
from ledgerflux.testing.clock import ManualClock

STATE = NatsState(5, 1000, 2, True, 1000, 4000, (StreamNumbers("MD_RAW", 3, 70, 900, 2, 4),))


class Server:
    """A monitoring port that answers `state`, or not."""

    def __init__(self):
        self.state, self.asked = STATE, 0

    async def __call__(self):
        self.asked += 1
        if self.state is None:
            raise BusError("away")
        return self.state


@pytest.fixture
def server():
    return Server()


async def looked(watch, server):
    """Let the watch look once more."""
    before = server.asked
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        while server.asked < before + 2:
            await asyncio.sleep(0)
        task.cancel()


def told(watch):
    return {(sample.name, *sample.values): float(sample.value) for sample in watch.measures()}


async def test_a_server_is_told_with_every_metric_there_is(server):
    watch = NatsWatch(ManualClock(), server)
    assert watch.durability == ""
    await looked(watch, server)
    assert watch.durability == "disk"
    values = told(watch)
    assert {name for name, *_ in values} == set(NATS)
    assert values["nats_monitor_up",] == 1
    assert values["jetstream_sync_always",] == 1
    assert values["jetstream_storage_used_ratio",] == 0.25
    assert values["jetstream_stream_bytes", "MD_RAW"] == 70
    assert values["jetstream_stream_limit_bytes", "MD_RAW"] == 900


async def test_of_a_server_that_does_not_answer_only_that_is_told(server):
    watch = NatsWatch(ManualClock(), server)
    await looked(watch, server)
    server.state = None
    await looked(watch, server)
    assert told(watch) == {("nats_monitor_up",): 0}
    assert watch.durability == "disk"


async def test_limits_that_are_none_are_not_told(server):
    stream = STATE.streams[0]._replace(bytes_max=None)
    server.state = STATE._replace(storage_bytes_max=0, streams=(stream,))
    watch = NatsWatch(ManualClock(), server)
    await looked(watch, server)
    names = {name for name, *_ in told(watch)}
    assert not names & {"jetstream_storage_used_ratio", "jetstream_stream_limit_bytes"}


async def test_without_a_monitor_nothing_is_asked_nor_told():
    watch = NatsWatch(ManualClock(), None)
    await watch.run()
    assert told(watch) == {}
