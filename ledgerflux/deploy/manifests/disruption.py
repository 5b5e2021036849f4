"""What may be taken away at once: enough for a drain, not so much that nothing works."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import (
    Object,
    Workload,
    called,
    dig,
    mapping,
    name_of,
    of_kind,
    selects,
    workloads,
)

RULE = "disruption"
_CONTROLLERS = ("Deployment", "StatefulSet")
_VOTERS = frozenset({"nats"})
"""What works only while more than half of it does."""


def findings(objects: list[Object]) -> list[Finding]:
    """Find budgets that cost too much or that no drain gets past, and where there is none."""
    budgets = of_kind(objects, "PodDisruptionBudget")
    found = [*(finding for budget in budgets for finding in _form(budget))]
    for workload in workloads(objects):
        if workload.object.get("kind") not in _CONTROLLERS:
            continue
        replicas = replicas_of(workload.object, objects)
        mine = [
            one for one in budgets if selects(mapping(one, "spec", "selector"), workload.labels)
        ]
        if not mine and replicas > 1:
            problem = f"{replicas} replicas without a PodDisruptionBudget"
            found.append(Finding(RULE, called(workload.object), "spec.replicas", problem))
        for budget in mine:
            found += _keeps(budget, workload, replicas)
    return found


def replicas_of(thing: Object, objects: list[Object]) -> int:
    """Return how many pods there are at the least: the replicas, or what a scaler goes down to."""
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = mapping(scaler, "spec", "scaleTargetRef")
        if f"{target.get('kind')}/{target.get('name')}" == called(thing):
            return _whole(dig(scaler, "spec", "minReplicas"))
    return _whole(dig(thing, "spec", "replicas"))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 1


def _form(budget: Object) -> Iterator[Finding]:
    given = [key for key in ("minAvailable", "maxUnavailable") if key in mapping(budget, "spec")]
    if len(given) != 1:
        problem = "one of minAvailable and maxUnavailable is needed"
        yield Finding(RULE, called(budget), "spec", problem)


def _keeps(budget: Object, workload: Workload, replicas: int) -> Iterator[Finding]:
    taken = _taken(budget, replicas)
    if taken is None:
        problem = "a number or a percentage is needed"
        yield Finding(RULE, called(budget), "spec", problem)
    elif taken < 1:
        problem = f"no pod of {replicas} may ever be taken: a node is never drained"
        yield Finding(RULE, called(budget), "spec", problem)
    elif replicas > 1 and replicas - taken < _needed(workload, replicas):
        problem = f"{taken} of {replicas} may be taken, {_needed(workload, replicas)} have to stay"
        yield Finding(RULE, called(budget), "spec", problem)


def _needed(workload: Workload, replicas: int) -> int:
    return replicas // 2 + 1 if name_of(workload.object) in _VOTERS else 1


def _taken(budget: Object, replicas: int) -> int | None:
    spec = mapping(budget, "spec")
    if "maxUnavailable" in spec:
        return _share(spec["maxUnavailable"], replicas)
    kept = _share(spec.get("minAvailable"), replicas)
    return None if kept is None else replicas - kept


def _share(value: Any, replicas: int) -> int | None:
    """Return a number, or a percentage of the replicas, rounded up as Kubernetes does."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        return ceil(replicas * int(value[:-1]) / 100)
    return None
