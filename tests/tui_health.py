"""Statuses of a stack as its gateway tells them, for the screens of shards and stages."""

from copy import deepcopy

from ledgerflux.core.histogram import CELLS, cell_of
from ledgerflux.model.units import NANOS_PER_S, rfc3339

NOW_NS = 1_767_323_051_000_000_000
"""2026-01-02T03:04:11Z."""
PRODUCTS = (("SOL-USD", "XRP-USD"), ("BTC-USD", "DOGE-USD", "ETH-USD"), ("ADA-USD",))


def a_shard(shard=0, **more):
    row = {
        "shard": shard,
        "owner": f"normalize-{shard}",
        "pid": 81_233 + shard,
        "partitions": [shard, shard + 4],
        "products": list(PRODUCTS[shard % 3]),
        "state": "ready",
        "reason": "",
        "since": rfc3339(NOW_NS - 600 * NANOS_PER_S),
        "seq": 8_102_331 + shard,
        "rate": 640.0 + shard,
        "lag_records": 0,
        "lag_ms": 0.0,
        "p50_ms": 1.2,
        "p99_ms": 4.1 + shard,
        "cpu": 0.09,
        "rss_bytes": 61_000_000,
        "restarts": 0,
        "last_exit": None,
    }
    return {**row, **more}


def killed(at_ns=NOW_NS, **more):
    """Return what becomes of a shard whose process was killed at `at_ns`."""
    gone = {
        "state": "restarting", "pid": None, "rate": 0.0, "lag_ms": None, "p50_ms": None,
        "p99_ms": None, "cpu": None, "rss_bytes": None, "since": rfc3339(at_ns),
        "last_exit": {"code": None, "signal": "SIGKILL", "at": rfc3339(at_ns), "detail": ""},
    }  # fmt: skip
    return {**gone, **more}


def counted(*rows):
    """Return a histogram of (milliseconds, how many)."""
    counts = [0] * CELLS
    for ms, count in rows:
        counts[cell_of(ms * 1_000_000)] += count
    while counts and not counts[-1]:
        counts.pop()
    return counts


def a_latency(p50=1.3, p95=2.6, p99=4.4, p999=9.8, **histograms):
    told = histograms or {"one": counted((1.0, 900), (4.0, 90), (9.0, 10))}
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "p999_ms": p999, "histograms": told}


def a_stage(stage, **more):
    row = {
        "stage": stage, "in_per_s": 4982.0, "out_per_s": 4982.0, "latency": a_latency(),
        "queue": 0, "queue_unit": "records", "errors": 0,
    }  # fmt: skip
    return {**row, **more}


def the_stages(shards=()):
    return [
        a_stage("exchange", in_per_s=None, latency=None, queue_unit="frames", errors=None),
        a_stage("ingest", queue_unit="frames"),
        a_stage("normalize", queue=sum(row["lag_records"] or 0 for row in shards)),
        a_stage("snapshot", out_per_s=120.0),
        a_stage("gateway", out_per_s=21_150.0, queue=17_000, queue_unit="bytes"),
    ]


def the_gateways():
    return [
        {"name": "gateway", "state": "ready", "http": "", "clients": 3, "subscriptions": 7,
         "slow_clients": 2, "fell_behind": 4, "closed_slow": 1}
    ]  # fmt: skip


def a_stack(*shards, **more):
    """Return an `lf.status/1` with these shards (three without any)."""
    rows = list(shards or map(a_shard, range(3)))
    document = {
        "schema": "lf.status/1",
        "state": "healthy",
        "source": "synthetic:200",
        "durability": "process",
        "services": [],
        "shards": rows,
        "stages": the_stages(rows),
        "end_to_end": a_latency(4.0, 12.0, 21.0, 48.0),
        "counts": {"exchange_sent": 9, "raw_frames": 9, "raw_gap_frames": 0, "norm_events": 9,
                   "dlq": 0},
        "gaps": 0,
        "disk_bytes": 8192,
        "clients": 3,
        "gateways": the_gateways(),
        "heads": {},
        "replay": {"ended": False, "paused": False, "through": False},
        "problems": [],
    }  # fmt: skip
    return deepcopy({**document, **more})
