"""The health record of a role: published, served, and held against a second instance."""

import asyncio
import json

import msgspec
import pytest

from ledgerflux.core.latency import Latencies
from ledgerflux.ports import Request, Usage
from ledgerflux.roles.runtime import (
    FRESH_NS,
    HealthLoop,
    Identity,
    RateMeter,
    Vitals,
    holder,
    market_is_paused,
    read_feed,
    wait_feed,
    write_feed,
)
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.health import HEALTH_BUCKET, FeedConf, Health, LatencyHealth, PartitionHealth
from ledgerflux.wire.replay import ReplayHealth

ASK = Request("/", {})
CONF = FeedConf(
    venue="coinbase-advanced", url="ws://x", source="synthetic:1", run="r",
    products=["BTC-USD"], channels=["level2"],
)  # fmt: skip


class Role:
    """A role whose vitals a test sets."""

    def __init__(self):
        self.bus, self.clock = MemoryBus(), ManualClock()
        self.now = Vitals("starting", "waiting for a source")
        self.loop = HealthLoop(
            self.bus,
            self.clock,
            Identity("normalize", "2", 77),
            lambda: Usage(0.125, 5_000),
            lambda: self.now,
        )


@pytest.fixture
def role():
    return Role()


async def test_what_a_role_says_of_itself_is_in_the_bucket(role):
    role.loop.http = lambda: "http://127.0.0.1:9"
    role.now = Vitals(
        "ready",
        rate=12.34,
        partitions=(PartitionHealth(3, ["BTC-USD"], raw=5),),
        counts={"gaps": True},
    )
    await role.loop.publish()
    health = msgspec.json.decode(await role.bus.get(HEALTH_BUCKET, "normalize.2"), type=Health)
    assert (health.state, health.pid, health.cpu, health.rate) == ("ready", 77, 0.125, 12.3)
    assert health.http == "http://127.0.0.1:9"
    assert health.counts == {"gaps": 1}
    assert health.partitions[0].raw == 5


async def test_an_absent_bus_is_counted_and_survived(role):
    role.bus.down = True
    await role.loop.publish()
    assert role.loop.publish_failures_total == 1
    role.bus.down = False
    await role.loop.publish()
    assert await role.bus.get(HEALTH_BUCKET, "normalize.2")


@pytest.mark.parametrize("away", ["refuses", "hangs"])
async def test_a_bus_that_takes_no_record_makes_the_role_degraded_over_http(
    role, away, monkeypatch
):
    monkeypatch.setattr("ledgerflux.roles.runtime.PUBLISH_S", 0.01)
    role.now = Vitals("ready")
    routes = role.loop.routes()
    if away == "hangs":
        monkeypatch.setattr(role.bus, "put", lambda *_: asyncio.Event().wait())
    role.bus.down = True
    await role.loop.publish()
    answer = json.loads(routes["/ready"](ASK).body)
    assert answer == {"ready": False, "state": "degraded", "reason": "NATS does not answer"}
    assert routes["/health"](ASK).status == 200
    monkeypatch.undo()
    role.bus.down = False
    await role.loop.publish()
    await role.loop.publish()
    assert routes["/ready"](ASK).status == 200


async def test_a_role_that_is_not_ready_tells_its_news_sooner(role):
    start_ns = role.clock.now_ns()
    task = asyncio.ensure_future(role.loop.run())
    async with asyncio.timeout(10):
        while role.bus.appends_total < 4:
            await asyncio.sleep(0)
    task.cancel()
    assert role.clock.now_ns() - start_ns < 2_000_000_000


async def test_health_is_ok_and_ready_only_when_it_is(role):
    routes = role.loop.routes()
    assert routes["/health"](ASK).status == 200
    answer = routes["/ready"](ASK)
    assert answer.status == 503
    assert json.loads(answer.body)["reason"] == "waiting for a source"
    role.now = Vitals("ready")
    await role.loop.publish()
    assert routes["/ready"](ASK).status == 200
    role.loop.drain()
    await role.loop.publish()
    assert routes["/ready"](ASK).status == 503
    assert json.loads(routes["/health"](ASK).body)["state"] == "draining"


async def test_metrics_are_the_same_numbers(role):
    role.now = Vitals(
        "ready", rate=3.0, latency=Latencies(p99_ms=2.5), counts={"gaps": 4, "clients": 2}
    )
    await role.loop.publish()
    text = role.loop.routes()["/metrics"](ASK).body.decode()
    assert 'ledgerflux_ready{role="normalize"} 1.0' in text
    assert 'ledgerflux_normalize_gaps_total{shard="2"} 4.0' in text
    assert 'ledgerflux_normalize_clients{shard="2"} 2.0' in text
    assert 'ledgerflux_normalize_latency_p99_seconds{shard="2"} 0.0025' in text


async def test_the_record_has_all_that_is_measured_and_nothing_that_is_not(role):
    told = Latencies(1.0, 2.0, 3.0, 4.0, (0, 7))
    role.now = Vitals("ready", out_rate=2.04, latency=told, end_to_end=told)
    await role.loop.publish()
    kept = await role.bus.get(HEALTH_BUCKET, "normalize.2")
    record = msgspec.json.decode(kept, type=Health)
    assert (record.p50_ms, record.p95_ms, record.p99_ms, record.p999_ms) == (1.0, 2.0, 3.0, 4.0)
    assert (record.histogram, record.out_rate) == ([0, 7], 2.0)
    assert record.end_to_end == LatencyHealth(1.0, 2.0, 3.0, 4.0, [0, 7])
    role.now = Vitals("ready")
    await role.loop.publish()
    names = json.loads(await role.bus.get(HEALTH_BUCKET, "normalize.2")).keys()
    assert not names & {"p50_ms", "histogram", "out_rate", "end_to_end"}


async def test_a_live_instance_holds_its_key_until_it_drains_or_ages(role):
    assert await holder(role.bus, "normalize.2", role.clock.now_ns()) is None
    await role.loop.publish()
    now_ns = role.clock.now_ns()
    assert (await holder(role.bus, "normalize.2", now_ns)).pid == 77
    assert await holder(role.bus, "normalize.2", now_ns + FRESH_NS) is None
    role.loop.drain()
    await role.loop.publish()
    assert await holder(role.bus, "normalize.2", role.clock.now_ns()) is None


async def test_a_feed_is_waited_for_also_while_the_bus_is_away(role):
    assert await read_feed(role.bus) is None
    role.bus.down = True
    task = asyncio.ensure_future(wait_feed(role.bus, role.clock))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not task.done()
    role.bus.down = False
    await write_feed(role.bus, CONF)
    assert await task == CONF
    other = msgspec.structs.replace(CONF, url="ws://y")
    task = asyncio.ensure_future(wait_feed(role.bus, role.clock, CONF))
    await write_feed(role.bus, other)
    assert await task == other


class StandingClock(ManualClock):
    """Whoever sleeps does so for ever."""

    async def sleep(self, seconds):
        await asyncio.Event().wait()


class CountingBus(MemoryBus):
    """Counts how often a key is read."""

    def __init__(self):
        super().__init__()
        self.gets = 0

    async def get(self, bucket, key):
        self.gets += 1
        return await super().get(bucket, key)


async def test_a_market_is_paused_where_its_exchange_says_so_and_is_heard(role):
    now_ns = role.clock.now_ns()
    assert not await market_is_paused(role.bus, now_ns)
    for paused in (True, False):
        replay = ReplayHealth("synthetic:9", "x", paused, 1.0, 0.0, False, 1, 0, 0)
        health = Health("exchange", "0", 7, "ready", now_ns, now_ns, replay=replay)
        await role.bus.put(HEALTH_BUCKET, health.key, msgspec.json.encode(health))
        assert await market_is_paused(role.bus, now_ns) is paused
        assert not await market_is_paused(role.bus, now_ns + FRESH_NS)
    role.bus.down = True
    assert not await market_is_paused(role.bus, now_ns)


async def test_a_new_feed_is_heard_of_not_looked_for():
    bus = CountingBus()
    task = asyncio.ensure_future(wait_feed(bus, StandingClock()))
    for _ in range(100):
        await asyncio.sleep(0)
    assert bus.gets == 1
    await write_feed(bus, CONF)
    async with asyncio.timeout(5):
        assert await task == CONF
    assert bus.gets == 2


def test_a_rate_is_what_came_between_two_looks():
    clock = ManualClock()
    meter = RateMeter(clock)
    clock.advance(2)
    assert meter.rate(100) == 50
    clock.advance(1)
    assert meter.rate(100) == 0
