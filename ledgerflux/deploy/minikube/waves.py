"""In which order rendered objects are applied."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Object = dict[str, Any]

WORKLOADS = ("StatefulSet", "Deployment")
_FIRST = ("Namespace",)
_STORES = ("nats", "postgres")
_MONITORING = ("prometheus", "grafana")


class Wave(NamedTuple):
    """Objects that are applied together, and whose workloads are waited for."""

    name: str
    objects: tuple[Object, ...]

    @property
    def workloads(self) -> list[str]:
        """Return `kind/name` of what has to get ready, lower case as kubectl writes it."""
        return [
            f"{one['kind'].lower()}/{one['metadata']['name']}"
            for one in self.objects
            if one["kind"] in WORKLOADS
        ]


WAVES = ("namespace", "config", "stores", "roles", "monitoring")
"""Each needs what the ones before it brought."""


def waves_of(objects: Sequence[Object], *, monitoring: bool = True) -> list[Wave]:
    """Return `objects` in waves; empty ones are left out."""
    by_wave: dict[str, list[Object]] = {name: [] for name in WAVES}
    for one in objects:
        if monitoring or not is_monitoring(one):
            by_wave[_wave_of(one)].append(one)
    return [Wave(name, tuple(found)) for name, found in by_wave.items() if found]


def _wave_of(one: Object) -> str:
    if one["kind"] in _FIRST:
        return "namespace"
    if one["kind"] not in (*WORKLOADS, "HorizontalPodAutoscaler", "Job"):
        return "config"
    if is_monitoring(one):
        return "monitoring"
    return "stores" if one["metadata"]["name"] in _STORES else "roles"


def is_monitoring(one: Object) -> bool:
    """Say whether an object belongs to Prometheus or Grafana."""
    labels = one["metadata"].get("labels") or {}
    if labels.get("app.kubernetes.io/component") == "monitoring":
        return True
    return str(one["metadata"]["name"]).startswith(_MONITORING)
