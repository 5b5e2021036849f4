"""The shards of the normalizers: each pod knows which it is, and how many there are."""

from collections.abc import Iterator

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

RULE = "shards"
POD_INDEX = "metadata.labels['apps.kubernetes.io/pod-index']"


def findings(objects: list[Object]) -> list[Finding]:
    """Find shard counts that differ from the pods, and pods that don't learn their number."""
    found: list[Finding] = []
    for workload in workloads(objects):
        for container in containers(workload):
            for index, variable in enumerate(items(container.body, "env")):
                path = f"{container.path}.env[{index}]"
                if variable.get("name") == "LF_SHARDS":
                    found += _count(workload, path, variable)
                elif variable.get("name") == "LF_SHARD":
                    found += _number(workload, path, variable)
    return found + [finding for scaler in _scaled(objects) for finding in scaler]


def _count(workload: Workload, path: str, variable: Object) -> Iterator[Finding]:
    replicas = dig(workload.object, "spec", "replicas")
    if variable.get("value") != str(replicas):
        problem = f"LF_SHARDS is {variable.get('value')!r} for {replicas} replicas"
        yield Finding(RULE, called(workload.object), f"{path}.value", problem)


def _number(workload: Workload, path: str, variable: Object) -> Iterator[Finding]:
    owner = called(workload.object)
    if workload.object.get("kind") != "StatefulSet":
        yield Finding(RULE, owner, "kind", "only the pods of a StatefulSet have numbers")
    if dig(variable, "valueFrom", "fieldRef", "fieldPath") != POD_INDEX:
        yield Finding(RULE, owner, path, f"LF_SHARD does not come from {POD_INDEX}")


def _scaled(objects: list[Object]) -> Iterator[list[Finding]]:
    """Find shards that something would add or take by itself: their number is part of the data."""
    numbered = {
        called(workload.object)
        for workload in workloads(objects)
        for container in containers(workload)
        for variable in items(container.body, "env")
        if variable.get("name") == "LF_SHARDS"
    }
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = mapping(scaler, "spec", "scaleTargetRef")
        if f"{target.get('kind')}/{target.get('name')}" in numbered:
            yield [Finding(RULE, called(scaler), "spec.scaleTargetRef", "shards are never scaled")]
