"""For each alert: series with which it fires, and series with which it must not.

Times are minutes after the start; `nothing` lists series under which all that matters vanishes.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """Series in promtool's notation, one sample each 15 s; `fires` of them at `at`."""

    alert: str
    fires: int
    at: str
    series: dict[str, str]


def up(*away):
    """Return every job being scraped but those `away`."""
    return {
        f'up{{job="{job}",instance="{job}:1"}}': "1x40"
        for job in ("ingest", "normalize", "snapshot", "gateway")
        if job not in away
    }


def shards(*owned, configured=4):
    """Return `owned` shards, each told by a process of its own."""
    told = {
        f'ledgerflux_normalize_shard_owned{{shard="{shard}",instance="{place}"}}': "1x40"
        for place, shard in enumerate(owned)
    }
    return told | {'ledgerflux_normalize_shards_configured{instance="0"}': f"{configured}x40"}


def live(value, **market):
    """Return the state of a book, of a market that may have ended or be paused."""
    told = {f"ledgerflux_exchange_{name}": f"{number}x40" for name, number in market.items()}
    state = 'ledgerflux_normalize_book_state{shard="1",product="BTC-USD",state="live"}'
    return told | {state: f"{value}x40"}


def heard(values, **market):
    """Return when something was heard, of a market that may have ended or be paused."""
    told = {f"ledgerflux_exchange_{name}": f"{number}x40" for name, number in market.items()}
    return told | {'ledgerflux_ingest_last_message_timestamp_seconds{partition="03"}': values}


def lag(late):
    """Return looks at a loop, `late` of 20 in 5 minutes more than half a second."""
    name = "ledgerflux_event_loop_lag_seconds"
    return {
        f'{name}_count{{job="gateway"}}': "0+1x40",
        f'{name}_bucket{{job="gateway",le="0.5"}}': f"0+{1 - late / 20}x40",
    }


def clients(slow):
    """Return a hundred clients, `slow` of which do not read."""
    return {
        'ledgerflux_gateway_clients{instance="a"}': "60x40",
        'ledgerflux_gateway_clients{instance="b"}': "40x40",
        'ledgerflux_gateway_slow_clients{instance="a"}': f"{slow}x40",
        'ledgerflux_gateway_slow_clients{instance="b"}': "0x40",
    }


def deliveries(late, minutes):
    """Return a hundred deliveries a minute, `late` of which took longer than 100 ms."""
    name = "ledgerflux_gateway_delivery_latency_seconds"
    return {
        f"{name}_count": f"0+25x{minutes * 4}",
        f'{name}_bucket{{le="0.1"}}': f"0+{(100 - late) / 4}x{minutes * 4}",
    }


def frames(missing, minutes):
    """Return 4000 frames a minute, and `missing` ones."""
    return {
        'ledgerflux_normalize_validated_total{shard="0"}': f"0+1000x{minutes * 4}",
        'ledgerflux_normalize_missing_total{shard="0"}': f"0+{missing / 4}x{minutes * 4}",
    }


def one(series, values):
    """Return one series."""
    return {series: values}


PROCESS = '{job="ingest",instance="i:1"}'
MIB = 1024 * 1024
SHARD = 'ledgerflux_normalize_{}{{shard="2",job="normalize"}}'
REJECTED = 'ledgerflux_normalize_rejected_total{{shard="2",reason="{}"}}'
CASES = [
    Case("Watchdog", 1, "1m", {}),
    Case("TargetDown", 0, "5m", up()),
    Case("TargetDown", 1, "5m", up() | {'up{job="gateway",instance="gateway:1"}': "0x40"}),
    Case("TargetDown", 1, "5m", up("gateway")),
    Case("TargetDown", 4, "5m", {}),
    Case("RoleNotReady", 1, "5m", one('ledgerflux_ready{role="ingest"}', "0x40")),
    Case("RoleNotReady", 0, "5m", one('ledgerflux_ready{role="ingest"}', "0x4 1x40")),
    Case("RoleRestarting", 1, "10m", one(f"process_start_time_seconds{PROCESS}", "0+60x40")),
    Case("RoleRestarting", 0, "10m", one(f"process_start_time_seconds{PROCESS}", "5x20 900x20")),
    Case("DependencyDown", 1, "5m", one('ledgerflux_dependency_up{dependency="nats"}', "0x40")),
    Case("DependencyDown", 0, "5m", one('ledgerflux_dependency_up{dependency="nats"}', "1x40")),
    Case(
        "MemoryNearLimit",
        1,
        "9m",
        one(f"process_resident_memory_bytes{PROCESS}", f"{480 * MIB}x40"),
    ),
    Case(
        "MemoryNearLimit",
        0,
        "9m",
        one(f"process_resident_memory_bytes{PROCESS}", f"{400 * MIB}x40"),
    ),
    Case("CpuOverTarget", 1, "20m", one(f"process_cpu_seconds_total{PROCESS}", "0+9x90")),
    Case("CpuOverTarget", 0, "20m", one(f"process_cpu_seconds_total{PROCESS}", "0+6x90")),
    Case("EventLoopBlocked", 1, "9m", lag(late=10)),
    Case("EventLoopBlocked", 0, "9m", lag(late=1)),
    Case("FeedStalled", 1, "5m", heard("30x40")),
    Case("FeedStalled", 0, "5m", heard("0+15x40")),
    Case("FeedStalled", 0, "5m", heard("30x40", ended=1, paused=0)),
    Case("FeedStalled", 0, "5m", heard("30x40", ended=0, paused=1)),
    Case("FeedFlapping", 1, "10m", one("ledgerflux_ingest_reconnects_total", "0+1x60")),
    Case("FeedFlapping", 0, "10m", one("ledgerflux_ingest_reconnects_total", "0x30 1x30")),
    Case("FramesMissing", 1, "5m", one(SHARD.format("missing_total"), "0x8 3x40")),
    Case("FramesMissing", 0, "5m", one(SHARD.format("missing_total"), "3x40")),
    Case("SequenceRegression", 1, "5m", one(REJECTED.format("repeated"), "0x12 1x40")),
    Case("SequenceRegression", 0, "5m", one(REJECTED.format("book"), "0x12 1x40")),
    Case(
        "AppendDoubts",
        1,
        "5m",
        one('ledgerflux_ingest_append_doubts_total{job="ingest"}', "0+1x40"),
    ),
    Case(
        "AppendDoubts",
        1,
        "5m",
        one('ledgerflux_normalize_append_doubts_total{job="normalize"}', "0+1x40"),
    ),
    Case(
        "AppendDoubts",
        0,
        "5m",
        one('ledgerflux_ingest_append_doubts_total{job="ingest"}', "0x8 1x40"),
    ),
    Case("ShardMissing", 0, "5m", shards(0, 1, 2, 3)),
    Case("ShardMissing", 1, "5m", shards(0, 1, 3)),
    Case("ShardMissing", 1, "5m", shards(0, 1, 2, 2)),
    Case("ShardMissing", 1, "5m", {}),
    Case("ShardOwnedTwice", 1, "5m", shards(0, 1, 2, 3, 3)),
    Case("ShardOwnedTwice", 0, "5m", shards(0, 1, 2, 3)),
    Case("BookNotLive", 1, "5m", live(0)),
    Case("BookNotLive", 0, "5m", live(1)),
    Case("BookNotLive", 1, "5m", live(0, ended=0, paused=0)),
    Case("BookNotLive", 0, "5m", live(0, ended=1, paused=0)),
    Case(
        "BookCrossed", 1, "5m", one('ledgerflux_normalize_book_crossed{product="BTC-USD"}', "1x40")
    ),
    Case(
        "BookCrossed", 0, "5m", one('ledgerflux_normalize_book_crossed{product="BTC-USD"}', "0x40")
    ),
    Case("NormalizeLagging", 1, "5m", one(SHARD.format("lag_seconds"), "8x40")),
    Case("NormalizeLagging", 0, "5m", one(SHARD.format("lag_seconds"), "8x4 0.1x40")),
    Case("GatewaySlowClients", 1, "9m", clients(slow=20)),
    Case("GatewaySlowClients", 0, "9m", clients(slow=5)),
    Case("SnapshotStale", 1, "9m", one("ledgerflux_snapshot_lag_seconds", "0+30x40")),
    Case("SnapshotStale", 0, "9m", one("ledgerflux_snapshot_lag_seconds", "2x40")),
    Case("NatsNotDurable", 1, "5m", one("ledgerflux_jetstream_sync_always", "0x40")),
    Case("NatsNotDurable", 0, "5m", one("ledgerflux_jetstream_sync_always", "1x40")),
    Case("NatsNotDurable", 0, "5m", {}),
    Case("NatsMonitorDown", 1, "5m", one("ledgerflux_nats_monitor_up", "0x40")),
    Case("NatsMonitorDown", 0, "5m", one("ledgerflux_nats_monitor_up", "1x40")),
    Case("NatsMonitorDown", 0, "5m", {}),
    Case("LogStorageFilling", 1, "9m", one("ledgerflux_jetstream_storage_used_ratio", "0.9x40")),
    Case("LogStorageFilling", 0, "9m", one("ledgerflux_jetstream_storage_used_ratio", "0.8x40")),
    Case("LatencyBudgetFast", 1, "80m", deliveries(late=80, minutes=100)),
    Case("LatencyBudgetFast", 0, "80m", deliveries(late=20, minutes=100)),
    Case("LatencyBudgetFast", 0, "80m", {}),
    Case("LatencyBudgetSlow", 1, "150m", deliveries(late=20, minutes=180)),
    Case("LatencyBudgetSlow", 0, "150m", deliveries(late=4, minutes=180)),
    Case("CompletenessBudgetFast", 1, "80m", frames(missing=80, minutes=100)),
    Case("CompletenessBudgetFast", 0, "80m", frames(missing=0, minutes=100)),
    Case("CompletenessBudgetSlow", 1, "150m", frames(missing=16, minutes=180)),
    Case("CompletenessBudgetSlow", 0, "150m", frames(missing=2, minutes=180)),
]
