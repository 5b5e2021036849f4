"""What the manifests render, as pods that podman plays.

Arguments, variables, mounts, limits and security contexts are as rendered. What is not:

- A workload is the pods it would have; the only pod of one has the name of its Service.
- Claims are directories of this machine that belong to the pod's group, as Kubernetes makes them.
- Secrets and projected volumes are config maps: podman 4.3 reads neither right.
- NATS and Postgres come out of our own image, for there is no registry; Postgres is started by
  the program that does for it what the official image's entry point does.
- Podman has no timers for probes here: whoever plays the pods asks them (`probes`).
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

Object = dict[str, Any]
WORKLOADS = ("StatefulSet", "Deployment")
LABEL = "apps.kubernetes.io/pod-index"
SERVERS = ("nats", "postgres")
SERVE_POSTGRES = ["python", "-m", "ledgerflux.adapters.embedded.serve_postgres"]


class Probe(NamedTuple):
    """One HTTP probe of a pod."""

    pod: str
    kind: str
    port: int
    path: str


def config_maps(objects: list[Object]) -> list[Object]:
    """Return the config maps."""
    return [one for one in objects if one["kind"] == "ConfigMap"]


def secret_files(pod: Object, password: str) -> Object:
    """Return a config map of the secret files which `pod` mounts."""
    items = {
        item["path"]: password
        for volume in pod["spec"]["volumes"]
        for source in _sources(volume)
        for item in source["items"]
    }
    name = f"{pod['metadata']['name']}-secrets"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": items}


def _sources(volume: Object) -> list[Object]:
    if "projected" in volume:
        return [source["secret"] for source in volume["projected"]["sources"]]
    return [volume["secret"]] if "secret" in volume else []


def pods(objects: list[Object], names: tuple[str, ...]) -> Iterator[Object]:
    """Yield the pods of the workloads `names`, in that order."""
    by_name = {one["metadata"]["name"]: one for one in objects if one["kind"] in WORKLOADS}
    for name in names:
        count = by_name[name]["spec"]["replicas"]
        for index in range(count):
            called = name if count == 1 else f"{name}-{index}"
            yield _pod(by_name[name], called, index)


def _pod(workload: Object, called: str, index: int) -> Object:
    template = deepcopy(workload["spec"]["template"])
    labels = {**template["metadata"]["labels"], LABEL: str(index)}
    spec = template["spec"]
    for claim in workload["spec"].get("volumeClaimTemplates", ()):
        volume = {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": called}}
        spec["volumes"].append(volume)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": called, "labels": labels},
        "spec": spec,
    }


def probes(pod: Object) -> Iterator[Probe]:
    """Yield the HTTP probes of a pod."""
    for container in pod["spec"]["containers"]:
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if asked := container.get(kind, {}).get("httpGet"):
                yield Probe(pod["metadata"]["name"], kind, ports[asked["port"]], asked["path"])


def playable(pod: Object, image: str, servers_image: str, password: str, claims: Path) -> Object:
    """Return a pod as podman can play it; its claims are directories below `claims`."""
    made = deepcopy(pod)
    name, spec = made["metadata"]["name"], made["spec"]
    for volume in spec["volumes"]:
        if _sources(volume):
            for kind in ("projected", "secret"):
                volume.pop(kind, None)
            volume["configMap"] = {"name": f"{name}-secrets", "optional": False}
        elif volume.pop("persistentVolumeClaim", None):
            place = claims / name
            place.mkdir()
            os.chown(place, -1, spec["securityContext"]["fsGroup"])
            place.chmod(0o2770)
            volume["hostPath"] = {"path": str(place), "type": "Directory"}
        elif "configMap" in volume:
            volume["configMap"]["optional"] = False
    [container] = spec["containers"]
    del container["ports"]  # podman would take the same ones of this machine
    container["image"] = servers_image if name in SERVERS else image
    for kind in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle"):
        container.pop(kind, None)
    for variable in container.get("env", ()):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            del variable["valueFrom"]
            variable["value"] = password
    if name == "postgres":
        place = container["volumeMounts"][0]["mountPath"]
        file = next(one["value"] for one in container["env"] if one["name"].endswith("_FILE"))
        container["command"] = [*SERVE_POSTGRES, "--data-dir", place, "--password-file", file]
    return made
