"""What all pods ask for together, against the node they have to fit on."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import (
    Object,
    Workload,
    called,
    containers,
    dig,
    items,
    mapping,
    of_kind,
    workloads,
)
from ledgerflux.deploy.manifests.quantities import quantity

RULE = "budget"
GIB = 1024**3
_RESOURCES = ("cpu", "memory")


class Budget(NamedTuple):
    """What pods may ask for: CPUs and bytes that a node leaves to them."""

    cpu: Fraction
    memory: Fraction


NODE_4_8 = Budget(Fraction(4) - 1, Fraction(8 * GIB) * 4 / 5)
"""A Minikube of 4 CPU and 8 GB: its own pods ask for about one CPU."""
NODE_2_4 = Budget(Fraction(2) - 1, Fraction(4 * GIB) * 4 / 5)
"""A Minikube of 2 CPU and 4 GB."""


def findings(objects: list[Object], budget: Budget) -> list[Finding]:
    """Find containers that say not what they need, and a sum that does not fit on the node."""
    found = [*_silent(objects)]
    asked = requests(objects)
    for name, sum_, most in zip(_RESOURCES, asked, budget, strict=True):
        if sum_ > most:
            problem = f"all pods ask for {_told(name, sum_)}, the node has {_told(name, most)}"
            found.append(Finding(RULE, "all", f"requests.{name}", problem))
    return found


def requests(objects: list[Object]) -> Budget:
    """Return what all pods ask for, with as many as a scaler may start."""
    sums = [Fraction(0), Fraction(0)]
    for workload in workloads(objects):
        replicas = _replicas_max(workload.object, objects)
        for index, name in enumerate(_RESOURCES):
            sums[index] += replicas * _of_pod(workload, name)
    return Budget(*sums)


def _of_pod(workload: Workload, name: str) -> Fraction:
    """Return what one pod asks for: its containers, or the largest of those that run before."""
    together = sum((_asked(body, name) for body in items(workload.spec, "containers")), Fraction(0))
    before = (_asked(body, name) for body in items(workload.spec, "initContainers"))
    return max(together, *before, Fraction(0))


def _asked(body: Object, name: str) -> Fraction:
    try:
        return quantity(mapping(body, "resources", "requests").get(name, 0))
    except ValueError:
        return Fraction(0)


def _replicas_max(thing: Object, objects: list[Object]) -> int:
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = mapping(scaler, "spec", "scaleTargetRef")
        if f"{target.get('kind')}/{target.get('name')}" == called(thing):
            return _whole(dig(scaler, "spec", "maxReplicas"))
    return _whole(dig(thing, "spec", "replicas"))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 1


def _silent(objects: list[Object]) -> Iterator[Finding]:
    for workload in workloads(objects):
        for container in containers(workload):
            for side in ("requests", "limits"):
                for name in _RESOURCES:
                    if name not in mapping(container.body, "resources", side):
                        path = f"{container.path}.resources.{side}.{name}"
                        yield Finding(RULE, called(workload.object), path, "is not said")


def _told(name: str, value: Fraction) -> str:
    return f"{float(value):g} CPU" if name == "cpu" else f"{float(value / GIB):.1f} GiB"
