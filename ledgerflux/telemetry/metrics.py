"""A role's health record in Prometheus' text form."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledgerflux import __version__
from ledgerflux.telemetry.counts import GAUGES, help_of
from ledgerflux.wire.health import Health, PartitionHealth

PREFIX = "ledgerflux"


class _HealthCollector(Collector):
    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        health = self._health
        role = health.role
        yield _gauge("build_info", "The version that runs.", 1, {"version": __version__})
        yield _gauge(
            "ready", "1 when the role can do its work.", health.state == "ready", {"role": role}
        )
        labels = {"instance": health.instance}
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
        for name, total in sorted(health.counts.items()):
            yield _count(role, name, total, labels)
        yield from _partitions(role, health.partitions)


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


def render(health: Health) -> bytes:
    """Return `health` as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(_HealthCollector(health))
    return generate_latest(registry)
