"""A role's health record, and what else it measures, in Prometheus' text form."""

from collections.abc import Iterable, Iterator
from math import inf

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ledgerflux import __version__
from ledgerflux.core.timings import BOUNDS_S, Timings
from ledgerflux.telemetry.counts import COUNTS, GAUGES, help_of
from ledgerflux.telemetry.measures import MEASURES, Measure, Sample
from ledgerflux.wire.health import Health, PartitionHealth

PREFIX = "ledgerflux"
SHARDED = "normalize"
"""The role whose processes have a number each; no label of others may name a process."""


class _RoleCollector(Collector):
    def __init__(self, health: Health, samples: Iterable[Sample]) -> None:
        self._health = health
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        health = self._health
        role = health.role
        yield _gauge("build_info", "The version that runs.", 1, {"version": __version__})
        yield _gauge(
            "ready", "1 when the role can do its work.", health.state == "ready", {"role": role}
        )
        labels = {"shard": health.instance} if role == SHARDED else {}
        yield _gauge(f"{role}_rate", "Messages a second.", health.rate, labels)
        yield _gauge(
            f"{role}_lag_records", "Records not yet worked on.", health.lag_records, labels
        )
        yield _gauge(f"{role}_lag_seconds", "Age of what waits.", health.lag_ms / 1e3, labels)
        yield _gauge(f"{role}_cpu_ratio", "Share of one core.", health.cpu, labels)
        yield _gauge(f"{role}_resident_bytes", "Resident memory.", health.rss_bytes, labels)
        for name, value in (
            ("p50", health.p50_ms),
            ("p95", health.p95_ms),
            ("p99", health.p99_ms),
            ("p999", health.p999_ms),
        ):
            if value is not None:
                text = f"Latency of the last ten seconds, {name}."
                yield _gauge(f"{role}_latency_{name}_seconds", text, value / 1e3, labels)
        for name, total in sorted({**_zeros(role), **health.counts}.items()):
            yield _count(role, name, total, labels)
        yield from _partitions(role, health.partitions)
        yield from _measured(role, self._samples)


def _zeros(role: str) -> dict[str, int]:
    """Return all that only grows: where nothing was counted yet, the first must be a change."""
    return {name: 0 for name in COUNTS[role] if name not in GAUGES}


def _gauge(name: str, text: str, value: float, labels: dict[str, str]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family


def _count(role: str, name: str, total: int, labels: dict[str, str]) -> Metric:
    full, text = f"{PREFIX}_{role}_{name}", help_of(role, name)
    if name in GAUGES:
        return _gauge(f"{role}_{name}", text, total, labels)
    family = CounterMetricFamily(full, text, labels=list(labels))
    family.add_metric(list(labels.values()), float(total))
    return family


def _partitions(role: str, partitions: list[PartitionHealth]) -> Iterator[Metric]:
    if not partitions:
        return
    for name in ("raw", "norm"):
        family = GaugeMetricFamily(
            f"{PREFIX}_{role}_partition_{name}_number",
            f"Last {name.upper()} record number of each partition.",
            labels=["partition"],
        )
        for partition in partitions:
            family.add_metric([f"{partition.partition:02d}"], getattr(partition, name))
        yield family


def _measured(role: str, samples: Iterable[Sample]) -> Iterator[Metric]:
    """Yield the families of a role that have samples, in the order of its table."""
    table = MEASURES[role]
    by_name: dict[str, list[Sample]] = {name: [] for name in table}
    for sample in samples:
        by_name[sample.name].append(sample)
    for name, found in by_name.items():
        if found:
            yield _family(name, table[name], found)


def _family(name: str, measure: Measure, samples: Iterable[Sample]) -> Metric:
    full, labels = f"{PREFIX}_{name}", measure.labels
    if measure.kind == "histogram":
        histogram = HistogramMetricFamily(full, measure.text, labels=labels)
        for sample in samples:
            assert isinstance(sample.value, Timings)
            histogram.add_metric(sample.values, _buckets(sample.value), sample.value.sum_s)
        return histogram
    kind = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
    family = kind(full, measure.text, labels=labels)
    for sample in samples:
        assert not isinstance(sample.value, Timings)
        family.add_metric(sample.values, float(sample.value))
    return family


def _buckets(timings: Timings) -> list[tuple[str, float]]:
    """Return how many durations are at most as long as each bound."""
    found: list[tuple[str, float]] = []
    below = 0
    for bound_s, count in zip((*BOUNDS_S, inf), timings.counts, strict=True):
        below += count
        found.append(("+Inf" if bound_s == inf else str(bound_s), float(below)))
    return found


def render(health: Health, samples: Iterable[Sample] = ()) -> bytes:
    """Return `health` and `samples` of its role's measures as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(_RoleCollector(health, samples))
    ProcessCollector(registry=registry)
    return generate_latest(registry)
