"""What an object names beside itself is there: config, secrets, accounts, Services, volumes."""

from collections.abc import Iterable, Iterator
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
    name_of,
    of_kind,
    workloads,
)

RULE = "reference"
MADE_SECRETS = {
    "nats": ("password",),
    "postgres": ("password",),
    "grafana": ("admin-user", "admin-password"),
}
"""Secrets that `lf up` makes in the cluster, with their keys: none of them is in a file."""


class Reference(NamedTuple):
    """A ConfigMap or Secret that is named somewhere; `key` is empty where all of it is meant."""

    kind: str
    name: str
    key: str
    path: str


def findings(objects: list[Object]) -> list[Finding]:
    """Find names of things that are not there."""
    found = [*_headless(objects)]
    there = _there(objects)
    accounts = {name_of(thing) for thing in of_kind(objects, "ServiceAccount")} | {"default"}
    for workload in workloads(objects):
        owner = called(workload.object)
        found += [
            Finding(RULE, owner, reference.path, problem)
            for reference in _references(workload)
            if (problem := _missing(reference, there))
        ]
        account = str(workload.spec.get("serviceAccountName", "default"))
        if account not in accounts:
            path = workload.at("serviceAccountName")
            found.append(Finding(RULE, owner, path, f"there is no ServiceAccount {account}"))
        found += _mounts(workload)
    return found


def _there(objects: Iterable[Object]) -> dict[tuple[str, str], set[str]]:
    there = {("Secret", name): set(keys) for name, keys in MADE_SECRETS.items()}
    for thing in of_kind(objects, "ConfigMap", "Secret"):
        keys = {
            key for field in ("data", "binaryData", "stringData") for key in mapping(thing, field)
        }
        there[str(thing["kind"]), name_of(thing)] = keys
    return there


def _missing(reference: Reference, there: dict[tuple[str, str], set[str]]) -> str:
    keys = there.get((reference.kind, reference.name))
    if keys is None:
        return f"there is no {reference.kind} {reference.name}"
    if reference.key and reference.key not in keys:
        return f"{reference.kind} {reference.name} has no key {reference.key}"
    return ""


def _references(workload: Workload) -> Iterator[Reference]:
    for container in containers(workload):
        for index, source in enumerate(items(container.body, "envFrom")):
            path = f"{container.path}.envFrom[{index}]"
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if field in source:
                    yield Reference(kind, _name(source[field]), "", path)
        for index, variable in enumerate(items(container.body, "env")):
            path = f"{container.path}.env[{index}]"
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                chosen = mapping(variable, "valueFrom", field)
                if chosen:
                    yield Reference(kind, _name(chosen), str(chosen.get("key", "?")), path)
    for index, volume in enumerate(items(workload.spec, "volumes")):
        path = workload.at(f"volumes[{index}]")
        for source in (volume, *items(volume, "projected", "sources")):
            yield from _of_volume(source, path)


def _of_volume(source: Object, path: str) -> Iterator[Reference]:
    for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        body = dig(source, field)
        if not isinstance(body, dict):
            continue
        name = str(body.get("secretName") or body.get("name") or "?")
        keys = [str(item.get("key", "?")) for item in items(body, "items")]
        for key in keys or [""]:
            yield Reference(kind, name, key, path)


def _name(body: Any) -> str:
    return str(dig(body, "name") or "?")


def _mounts(workload: Workload) -> Iterator[Finding]:
    """Find mounts of volumes that the pod does not have, and two on one path."""
    names = {volume.get("name") for volume in items(workload.spec, "volumes")}
    claims = items(workload.object, "spec", "volumeClaimTemplates")
    names |= {name_of(claim) for claim in claims}
    for container in containers(workload):
        taken = set()
        for index, mount in enumerate(items(container.body, "volumeMounts")):
            path = f"{container.path}.volumeMounts[{index}]"
            if mount.get("name") not in names:
                problem = f"there is no volume {mount.get('name')}"
                yield Finding(RULE, called(workload.object), path, problem)
            if mount.get("mountPath") in taken:
                problem = f"{mount.get('mountPath')} is mounted twice"
                yield Finding(RULE, called(workload.object), path, problem)
            taken.add(mount.get("mountPath"))


def _headless(objects: list[Object]) -> Iterator[Finding]:
    """Find StatefulSets whose pods get no names: their Service is absent, or has an address."""
    services = {name_of(thing): thing for thing in of_kind(objects, "Service")}
    for thing in of_kind(objects, "StatefulSet"):
        name = dig(thing, "spec", "serviceName")
        service = services.get(str(name))
        if name is None or service is None:
            problem = "is absent" if name is None else f"there is no Service {name}"
            yield Finding(RULE, called(thing), "spec.serviceName", problem)
        elif dig(service, "spec", "clusterIP") != "None":
            problem = f"Service {name} is not headless"
            yield Finding(RULE, called(thing), "spec.serviceName", problem)
