"""What an object is: a kind and a version that exist, a name that is allowed, once."""

import re
from collections import Counter

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import (
    Object,
    called,
    containers,
    items,
    name_of,
    workloads,
)

KNOWN = {
    "ConfigMap": "v1",
    "PersistentVolumeClaim": "v1",
    "Namespace": "v1",
    "Pod": "v1",
    "Secret": "v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
}
"""The kinds that are used, each with the version that all of Kubernetes 1.30 to 1.37 serve."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?")
_SUBDOMAIN_CHARS_MAX = 253
_LABEL_NAMES = ("Service", "Namespace", "StatefulSet")
"""Their names become one label of a DNS name."""


def findings(objects: list[Object]) -> list[Finding]:
    """Find unknown kinds, versions that are gone, names that are refused, names used twice."""
    return [
        *(finding for thing in objects for finding in _one(thing)),
        *_twice(objects),
        *_names_in_pods(objects),
    ]


def is_dns_label(name: object) -> bool:
    """Say whether `name` is a label of DNS (RFC 1123) in lower case."""
    return isinstance(name, str) and _LABEL.fullmatch(name) is not None


def is_dns_subdomain(name: object) -> bool:
    """Say whether `name` is a DNS name in lower case: labels with dots between."""
    if not isinstance(name, str) or len(name) > _SUBDOMAIN_CHARS_MAX:
        return False
    return all(is_dns_label(label) for label in name.split("."))


def is_port_name(name: object) -> bool:
    """Say whether `name` may name a port (IANA_SVC_NAME): 15 characters, a letter among them."""
    return isinstance(name, str) and _PORT_NAME.fullmatch(name) is not None


def _one(thing: Object) -> list[Finding]:
    kind, version, name = thing.get("kind"), thing.get("apiVersion"), name_of(thing)
    found = []
    if kind not in KNOWN:
        found.append(Finding("kind", called(thing), "kind", f"{kind!r} is no kind that is used"))
    elif version != KNOWN[kind]:
        problem = f"{version!r} is not served; {KNOWN[kind]} is"
        found.append(Finding("api version", called(thing), "apiVersion", problem))
    allowed = is_dns_label if kind in _LABEL_NAMES else is_dns_subdomain
    if not allowed(name):
        found.append(Finding("name", called(thing), "metadata.name", f"{name!r} is no DNS name"))
    return found


def _twice(objects: list[Object]) -> list[Finding]:
    counted = Counter(called(thing) for thing in objects)
    return [
        Finding("name", name, "metadata.name", f"there are {count} of it")
        for name, count in counted.items()
        if count > 1
    ]


def _names_in_pods(objects: list[Object]) -> list[Finding]:
    found = []
    for workload in workloads(objects):
        for container in containers(workload):
            if not is_dns_label(container.body.get("name")):
                problem = f"{container.name!r} is no DNS label"
                path = f"{container.path}.name"
                found.append(Finding("name", called(workload.object), path, problem))
            for index, port in enumerate(items(container.body, "ports")):
                if "name" in port and not is_port_name(port["name"]):
                    path = f"{container.path}.ports[{index}].name"
                    problem = f"{port['name']!r} is no name of a port"
                    found.append(Finding("name", called(workload.object), path, problem))
    return found
