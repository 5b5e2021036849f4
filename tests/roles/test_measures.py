"""What roles at work measure beside their health records."""

import asyncio

import pytest
from gateway_support import running as running_gateway
from gateway_support import served_log
from history_support import BTC, Log, conf, running, stored, until
from roles_support import Pipeline, advanced_frames

from ledgerflux.core.nats_state import NatsState
from ledgerflux.core.sharding import partition_of
from ledgerflux.ports import Request, Usage
from ledgerflux.roles.runtime import HealthLoop, Identity, Vitals, write_feed
from ledgerflux.roles.snapshot import Snapshot
from ledgerflux.telemetry.measures import Sample
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_store import MemoryStore

SECOND = 1_000_000_000


def told(role):
    return {(sample.name, *sample.values): sample.value for sample in role.measures()}


def total(timings):
    return sum(timings.counts)


async def test_ingest_and_normalize_measure_what_came_through():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(30))
    await pipeline.run(
        lambda: (
            total(told(pipeline.normalize)["normalize_latency_seconds", "0"])
            and total(told(pipeline.ingest)["ingest_publish_latency_seconds",])
        )
    )
    ingest, normalize = told(pipeline.ingest), told(pipeline.normalize)
    partition = f"{partition_of('BTC-USD'):02d}"
    newest_s = ingest["ingest_last_message_timestamp_seconds", partition]
    assert newest_s * SECOND == pytest.approx(pipeline.clock.now_ns(), abs=600 * SECOND)
    assert ("ingest_feed_connected", partition) in ingest
    counts = pipeline.normalize.vitals().counts
    assert normalize["normalize_validated_total", "0"] == counts["raw_frames"]
    assert normalize["normalize_missing_total", "0"] == 0
    assert normalize["market_price", "BTC-USD", "bid"] > 0
    assert normalize["normalize_shard_products", "0"] == 1


async def test_a_partition_whose_socket_is_open_is_told():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(5))
    await pipeline.run()
    key = ("ingest_feed_connected", f"{partition_of('BTC-USD'):02d}")
    assert not told(pipeline.ingest)[key], "the role has ended"
    pipeline.ingest._partitions[0].connected = True
    assert told(pipeline.ingest)[key]


async def test_a_trade_is_counted_once_it_is_stored_and_the_store_is_told():
    bus, store = MemoryBus(), MemoryStore()
    await write_feed(bus, conf())
    log = await Log(bus).open()
    async with running(bus, store) as role:
        await until(lambda: ("market_trades_total", BTC) in told(role))
        assert told(role)["market_trade_volume_total", BTC, "buy"] == 0
        await log.grow(30)
        await stored(store, log.number)
        await until(lambda: told(role)["market_trades_total", BTC] == len(log.rows))
        values = told(role)
        volume = sum(value for key, value in values.items() if "volume" in key[0])
        assert volume == pytest.approx(sum(float(row.size) for row in log.rows))
        assert values["snapshot_last_success_timestamp_seconds",] > 0
        await until(lambda: total(told(role)["snapshot_write_latency_seconds",]))
        assert values["dependency_up", "postgres"]
        store.down = True
        await log.grow(3)
        await until(lambda: not told(role)["dependency_up", "postgres"])
        store.down = False
        await until(lambda: told(role)["dependency_up", "postgres"])


async def test_a_snapshot_role_tells_of_nats_though_the_store_is_away():
    async def monitor():
        return NatsState(1, 2, 0, True, 1, 4, ())

    store = MemoryStore()
    store.down = True
    role = Snapshot(MemoryBus(), ManualClock(), store, monitor=monitor)
    loop = HealthLoop(
        MemoryBus(), ManualClock(), Identity("snapshot", "0", 1), lambda: Usage(0, 0), role.vitals
    )
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(role._watch.run())
        await until(lambda: role.vitals().durability)
        watching.cancel()
    await loop.publish()
    assert loop.current.durability == "disk"
    assert told(role)["jetstream_sync_always",] == 1


async def test_a_gateway_measures_every_delivery():
    async with running_gateway() as stack:
        log = await served_log(stack)
        for _ in range(3):
            log.source.update()
            await log.write()
        await until(lambda: stack.served(log))
        await until(lambda: total(told(stack.gateway)["gateway_queue_latency_seconds",]) >= 3)
        await until(lambda: total(told(stack.gateway)["gateway_delivery_latency_seconds",]) >= 3)


async def test_a_role_tells_how_late_its_loop_is_and_what_it_depends_on():
    bus, clock = MemoryBus(), ManualClock()
    plain = clock.sleep
    clock.sleep = lambda seconds: plain(seconds + 0.3)
    loop = HealthLoop(
        bus, clock, Identity("exchange", "0", 1), lambda: Usage(0, 0), lambda: Vitals("ready"),
        measures=lambda: [Sample("dependency_up", 0, ("postgres",))], reconnects=lambda: 7,
    )  # fmt: skip
    await loop._rest(1.0)
    text = loop.routes()["/metrics"](Request("/", {})).body.decode()
    assert 'ledgerflux_event_loop_lag_seconds_bucket{le="0.25"} 0.0' in text
    assert 'ledgerflux_event_loop_lag_seconds_bucket{le="0.5"} 1.0' in text
    assert 'ledgerflux_dependency_up{dependency="nats"} 1.0' in text
    assert 'ledgerflux_dependency_up{dependency="postgres"} 0.0' in text
    assert "ledgerflux_nats_reconnects_total 7.0" in text
    bus.down = True
    await loop.publish()
    text = loop.routes()["/metrics"](Request("/", {})).body.decode()
    assert 'ledgerflux_dependency_up{dependency="nats"} 0.0' in text
