"""The steps of the way from the exchange to the clients, as the status shows them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from ledgerflux.wire.health import Health, LatencyHealth
from ledgerflux.wire.status import LatencyStatus, ShardStatus, StageStatus
from ledgerflux.wire.summary_processes import of_role, service_name

T = TypeVar("T")


class _Step(NamedTuple):
    """What is told of the processes of a role: the unit of its queue, and what its errors are."""

    role: str
    queue_unit: Literal["frames", "records", "bytes"]
    errors: str | None


STEPS = (
    _Step("exchange", "frames", None),
    _Step("ingest", "frames", "lost_frames"),
    _Step("normalize", "records", "dlq"),
    _Step("snapshot", "records", "refused_rows"),
    _Step("gateway", "bytes", "losses"),
)


def stages_of(speaking: Mapping[str, Health], shards: Sequence[ShardStatus]) -> list[StageStatus]:
    """Return the steps whose processes speak, in the order of the way; also of absent shards."""
    found: list[StageStatus] = []
    for step in STEPS:
        processes = of_role(speaking, step.role)
        if processes or (step.role == "normalize" and shards):
            found.append(_stage(step, processes, shards))
    return found


def end_to_end_of(speaking: Mapping[str, Health]) -> LatencyStatus | None:
    """Return the time from the receipt of frames to their clients' queues; None where unknown."""
    told = {
        service_name(health): health.end_to_end
        for health in of_role(speaking, "gateway")
        if health.end_to_end is not None
    }
    return _latency(told) if told else None


def _stage(step: _Step, processes: list[Health], shards: Sequence[ShardStatus]) -> StageStatus:
    rates, made = [health.rate for health in processes], _known(processes, lambda h: h.out_rate)
    source = step.role == "exchange"
    told = {service_name(health): _own(health) for health in processes}
    return StageStatus(
        stage=step.role,
        in_per_s=None if source else round(sum(rates), 1),
        out_per_s=round(sum(rates if source else made), 1) if source or made else None,
        latency=_latency(told) if any(own.histogram for own in told.values()) else None,
        queue=_queue(step, processes, shards),
        queue_unit=step.queue_unit,
        errors=None
        if step.errors is None
        else sum(h.counts.get(step.errors, 0) for h in processes),
    )


def _queue(step: _Step, processes: list[Health], shards: Sequence[ShardStatus]) -> int | None:
    if step.role == "normalize":
        lags = [shard.lag_records for shard in shards]
        known = [lag for lag in lags if lag is not None]
        return sum(known) if len(known) == len(lags) else None
    if step.queue_unit == "bytes":
        return sum(health.counts.get("queued_bytes", 0) for health in processes)
    return sum(health.lag_records for health in processes)


def _own(health: Health) -> LatencyHealth:
    return LatencyHealth(
        health.p50_ms, health.p95_ms, health.p99_ms, health.p999_ms, health.histogram
    )


def _latency(told: Mapping[str, LatencyHealth]) -> LatencyStatus:
    rows = told.values()
    return LatencyStatus(
        p50_ms=max(_known(rows, lambda row: row.p50_ms), default=None),
        p95_ms=max(_known(rows, lambda row: row.p95_ms), default=None),
        p99_ms=max(_known(rows, lambda row: row.p99_ms), default=None),
        p999_ms=max(_known(rows, lambda row: row.p999_ms), default=None),
        histograms={name: list(row.histogram) for name, row in told.items()},
    )


def _known(rows: Iterable[T], value: Callable[[T], float | None]) -> list[float]:
    return [found for row in rows if (found := value(row)) is not None]
