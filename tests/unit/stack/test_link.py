import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from ledgerflux.adapters.embedded.nats_server import NatsAccess
from ledgerflux.errors import BusError
from ledgerflux.stack.link import BusLink, Connection, is_through
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.health import (
    HEALTH_BUCKET,
    Health,
    PartitionHealth,
    ServiceHealth,
    SupervisorHealth,
)
from ledgerflux.wire.service_order import (
    RestartAnswer,
    RestartOrder,
    decode_restarted,
    encode_restart,
)
from ledgerflux.wire.subjects import RESTART_SUBJECT

ACCESS = NatsAccess("nats://h:1", "u", "p")
OURS = SupervisorHealth(1, 2, "synthetic:200", "process", 4, 5, [])


def health(role, pid=7, *, state="ready", time_ns=100, counts=None, **partitions):
    rows = [PartitionHealth(int(name[1:]), ["X-Y"], **row) for name, row in partitions.items()]
    return Health(role, "0", pid, state, time_ns, 1, partitions=rows, counts=counts or {})


class Server:
    """A bus in memory that counts how often its streams were made, and may refuse."""

    def __init__(self):
        self.bus = MemoryBus()
        self.prepared = 0
        self.refusals = 0
        self.access = None

    async def prepare(self):
        if self.refusals:
            self.refusals -= 1
            raise BusError("not yet")
        self.prepared += 1

    @asynccontextmanager
    async def connect(self, access):
        self.access = access
        yield Connection(self.bus, self.prepare)

    async def say(self, record):
        await self.bus.put(HEALTH_BUCKET, record.key, msgspec.json.encode(record))


@pytest.fixture
async def server():
    return Server()


@pytest.fixture
async def link(server):
    link = BusLink(server.connect)
    running = asyncio.create_task(link.run())
    async with asyncio.timeout(5):
        await link.prepare(ACCESS)
    yield link
    running.cancel()


async def test_the_streams_are_made_each_time_the_server_is_ready(link, server):
    assert (server.access, server.prepared) == (ACCESS, 1)
    server.refusals = 2
    async with asyncio.timeout(5):
        await link.prepare(ACCESS)
    assert server.prepared == 2


async def test_a_role_is_waited_for_by_its_process(link, server):
    waiting = asyncio.create_task(link.wait_ready(7))
    await server.say(health("ingest", 8))
    await server.say(health("ingest", 7, state="starting"))
    await asyncio.sleep(0)
    assert not waiting.done()
    await server.say(health("ingest", 7))
    async with asyncio.timeout(5):
        await waiting
        await link.wait_ready(7)
    assert link.latest["ingest.0"].pid == 7


async def test_our_own_record_is_published_and_not_taken_for_a_role(link, server):
    service = ServiceHealth("nats", 1, "ready", 0.1, 2, 0, 3)
    await link.publish(msgspec.structs.replace(OURS, services=[service]))
    await server.say(health("gateway", 9))
    async with asyncio.timeout(5):
        await link.wait_ready(9)
    assert list(link.latest) == ["gateway.0"]
    kept = await server.bus.get(HEALTH_BUCKET, "supervisor.local")
    assert msgspec.json.decode(kept, type=SupervisorHealth).services == [service]


async def test_nothing_is_published_before_there_is_a_bucket(server):
    server.refusals = 1_000_000
    link = BusLink(server.connect)
    running = [asyncio.create_task(link.run()), asyncio.create_task(link.prepare(ACCESS))]
    while server.refusals == 1_000_000:
        await asyncio.sleep(0)
    await link.publish(OURS)
    assert await server.bus.get(HEALTH_BUCKET, "supervisor.local") is None
    server.refusals = 0
    await running[1]
    await link.publish(OURS)
    assert await server.bus.get(HEALTH_BUCKET, "supervisor.local") is not None
    running[0].cancel()
    await asyncio.wait(running)


async def test_nothing_is_published_before_there_is_a_bus():
    await BusLink(Server().connect).publish(OURS)


async def test_a_bus_that_refuses_our_record_is_no_error(link, server, monkeypatch):
    async def refuse(*_):
        raise BusError("away")

    monkeypatch.setattr(server.bus, "put", refuse)
    await link.publish(OURS)


def test_what_is_no_health_record_is_left_alone():
    link = BusLink(Server().connect)
    link.receive(b"{")
    link.receive(b'{"role": 1}')
    assert link.latest == {}


INGEST = health("ingest", p3={"raw": 10})
NORMALIZE = health("normalize", p3={"raw": 10, "norm": 6})
COUNTED = health(
    "normalize", counts={"raw_frames": 3, "raw_gap_frames": 2}, p3={"raw": 10, "norm": 6}
)
GATEWAY = health("gateway", p3={"norm": 6})
SECOND_GATEWAY = msgspec.structs.replace(GATEWAY, instance="1")
SNAPSHOT = health("snapshot", p3={"norm": 6})


@pytest.mark.parametrize(
    ("records", "through"),
    [
        ([INGEST, NORMALIZE, GATEWAY, SNAPSHOT], True),
        ([INGEST, NORMALIZE], True),
        ([INGEST], False),
        ([INGEST, health("normalize", p3={"raw": 9, "norm": 6})], False),
        ([INGEST, health("normalize", p4={"raw": 10, "norm": 6})], False),
        ([INGEST, NORMALIZE, health("gateway", p3={"norm": 5})], False),
        ([INGEST, NORMALIZE, GATEWAY, health("snapshot")], False),
        ([INGEST, NORMALIZE, health("gateway", p3={"norm": 5}), SECOND_GATEWAY], False),
        ([INGEST, NORMALIZE, GATEWAY, SECOND_GATEWAY], True),
        ([INGEST, NORMALIZE, health("gateway", time_ns=99, p3={"norm": 6})], False),
        ([INGEST, NORMALIZE, health("exchange", time_ns=1)], True),
        ([INGEST, NORMALIZE, health("exchange", counts={"sent": 5})], False),
        ([INGEST, COUNTED, health("exchange", counts={"sent": 5})], True),
        ([], True),
    ],
)
def test_all_is_through_when_every_role_says_so_after_the_end(records, through):
    assert is_through(records, since_ns=100) is through


async def test_orders_to_start_a_service_anew_are_handed_on(server):
    asked = []

    def restart(name):
        asked.append(name)
        return RestartAnswer(name, 7)

    link = BusLink(server.connect, restart)
    running = asyncio.create_task(link.run())
    async with asyncio.timeout(5):
        await link.prepare(ACCESS)
    order = encode_restart(RestartOrder("ingest"))
    said = decode_restarted(await server.bus.request(RESTART_SUBJECT, order))
    assert (said, asked) == (RestartAnswer("ingest", 7), ["ingest"])
    nonsense = decode_restarted(await server.bus.request(RESTART_SUBJECT, b"{}"))
    assert (nonsense.error.code, len(asked)) == ("bad_argument", 1)
    running.cancel()


async def test_without_anybody_to_do_it_an_order_is_refused(link, server):
    order = encode_restart(RestartOrder("ingest"))
    said = decode_restarted(await server.bus.request(RESTART_SUBJECT, order))
    assert said.error.code == "unavailable"
