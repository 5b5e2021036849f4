"""What must outlive a pod lies on a claim: JetStream's store, Postgres' data."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import (
    Container,
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

RULE = "storage"
POSTGRES_MOUNT = "/var/lib/postgresql"
"""Where the official image of Postgres 18 and later wants its volume; it makes 18/docker in it."""
_STORE_DIR = re.compile(r"""^\s*store_dir\s*[:=]?\s*["']?(?P<path>/[^\s"']*)""", re.MULTILINE)


def findings(objects: list[Object]) -> list[Finding]:
    """Find stores that lie on no claim: a restart would empty them without a word."""
    stores = _stores(objects)
    found: list[Finding] = []
    for workload in workloads(objects):
        for container in containers(workload):
            for path in sorted({stores[n] for n in _configs(workload, container) if n in stores}):
                found += _on_claim(workload, container, path)
            if _is_postgres(container):
                found += _postgres(workload, container)
    return found


def _stores(objects: list[Object]) -> dict[str, str]:
    """Return the `store_dir` of each ConfigMap that names one."""
    stores = {}
    for config in of_kind(objects, "ConfigMap"):
        for text in mapping(config, "data").values():
            if match := _STORE_DIR.search(str(text)):
                stores[name_of(config)] = match["path"]
    return stores


def _configs(workload: Workload, container: Container) -> Iterator[str]:
    """Give the ConfigMaps that `container` mounts."""
    volumes = {volume.get("name"): volume for volume in items(workload.spec, "volumes")}
    for mount in items(container.body, "volumeMounts"):
        name = dig(volumes.get(mount.get("name")), "configMap", "name")
        if name is not None:
            yield str(name)


def _claims(workload: Workload) -> set[str]:
    """Return the volumes of a workload that are claims."""
    made = {name_of(claim) for claim in items(workload.object, "spec", "volumeClaimTemplates")}
    return made | {
        str(volume.get("name"))
        for volume in items(workload.spec, "volumes")
        if "persistentVolumeClaim" in volume
    }


def _on_claim(workload: Workload, container: Container, path: str) -> Iterator[Finding]:
    claims = _claims(workload)
    around = [
        mount
        for mount in items(container.body, "volumeMounts")
        if PurePosixPath(path).is_relative_to(str(mount.get("mountPath", "?")))
    ]
    nearest = max(around, key=lambda mount: len(str(mount["mountPath"])), default={})
    if nearest.get("name") not in claims:
        problem = f"{container.name} keeps its store in {path}, which is on no claim"
        yield Finding(RULE, called(workload.object), f"{container.path}.volumeMounts", problem)


def _is_postgres(container: Container) -> bool:
    image = str(container.body.get("image", "")).split("@")[0]
    return image.rpartition("/")[2].split(":")[0] == "postgres"


def _postgres(workload: Workload, container: Container) -> Iterator[Finding]:
    claims = _claims(workload)
    mounts = items(container.body, "volumeMounts")
    paths = [mount.get("mountPath") for mount in mounts if mount.get("name") in claims]
    if POSTGRES_MOUNT not in paths:
        problem = f"no claim is mounted at {POSTGRES_MOUNT}"
        yield Finding(RULE, called(workload.object), f"{container.path}.volumeMounts", problem)
