"""Who selects whom: selectors find pods, and Services find their ports."""

from collections.abc import Iterator
from typing import Any

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
    selects,
    workloads,
)

RULE = "selector"
_CONTROLLERS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


def findings(objects: list[Object]) -> list[Finding]:
    """Find selectors that miss the pods they are for, and Services and targets without an end."""
    made = list(workloads(objects))
    return [
        *_controllers(made),
        *_spreads(made),
        *(
            finding
            for service in of_kind(objects, "Service")
            for finding in _service(service, made)
        ),
        *_budgets(objects, made),
        *_scalers(objects),
    ]


def ports_of(workload: Workload) -> dict[str, int]:
    """Return the named ports of a workload's pods."""
    return {
        str(port["name"]): int(port.get("containerPort", 0))
        for container in containers(workload)
        for port in items(container.body, "ports")
        if "name" in port
    }


def _controllers(made: list[Workload]) -> Iterator[Finding]:
    for workload in made:
        if workload.object.get("kind") not in _CONTROLLERS:
            continue
        selector = mapping(workload.object, "spec", "selector")
        if not selector or not selects(selector, workload.labels):
            problem = "does not select the pods of its own template"
            yield Finding(RULE, called(workload.object), "spec.selector", problem)


def _spreads(made: list[Workload]) -> Iterator[Finding]:
    for workload in made:
        for index, spread in enumerate(items(workload.spec, "topologySpreadConstraints")):
            if not selects(mapping(spread, "labelSelector"), workload.labels):
                path = workload.at(f"topologySpreadConstraints[{index}].labelSelector")
                yield Finding(RULE, called(workload.object), path, "selects none of its own pods")


def _service(service: Object, made: list[Workload]) -> Iterator[Finding]:
    selector = mapping(service, "spec", "selector")
    chosen = [one for one in made if selects({"matchLabels": selector}, one.labels)]
    if not selector or not chosen:
        yield Finding(RULE, called(service), "spec.selector", "selects no pod of these manifests")
        return
    for index, port in enumerate(items(service, "spec", "ports")):
        target = port.get("targetPort", port.get("port"))
        if not all(_listens(workload, target) for workload in chosen):
            path = f"spec.ports[{index}].targetPort"
            yield Finding("port", called(service), path, f"{target!r} is no port of its pods")


def _listens(workload: Workload, target: Any) -> bool:
    named = ports_of(workload)
    if isinstance(target, str):
        return target in named
    numbers = [
        port.get("containerPort")
        for container in containers(workload)
        for port in items(container.body, "ports")
    ]
    return target in numbers


def _budgets(objects: list[Object], made: list[Workload]) -> Iterator[Finding]:
    for budget in of_kind(objects, "PodDisruptionBudget"):
        selector = mapping(budget, "spec", "selector")
        if not selector or not any(selects(selector, workload.labels) for workload in made):
            yield Finding(
                RULE, called(budget), "spec.selector", "selects no pod of these manifests"
            )


def _scalers(objects: list[Object]) -> Iterator[Finding]:
    there = {called(thing) for thing in objects}
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = mapping(scaler, "spec", "scaleTargetRef")
        if f"{target.get('kind')}/{target.get('name')}" not in there:
            yield Finding(
                RULE, called(scaler), "spec.scaleTargetRef", "is not among these manifests"
            )
            continue
        for thing in objects:
            mine = (
                thing.get("kind") == target["kind"]
                and dig(thing, "metadata", "name") == target["name"]
            )
            if mine and dig(thing, "spec", "replicas") is not None:
                problem = "is written here and by a HorizontalPodAutoscaler"
                yield Finding("replicas", called(thing), "spec.replicas", problem)
