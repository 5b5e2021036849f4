"""How containers are run: pinned images, known words, one handler in a probe."""

import re
from collections.abc import Iterator

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
    of_kind,
    workloads,
)

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = frozenset({"exec", "grpc", "httpGet", "tcpSocket"})
HOOK_HANDLERS = frozenset({"exec", "httpGet", "sleep", "tcpSocket"})
MOVING_TAGS = frozenset({"edge", "latest", "main", "master", "nightly", "stable"})
"""Tags that mean another image tomorrow."""
_IMAGE = re.compile(
    r"(?P<name>[^@]+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_POD_WORDS = {
    "restartPolicy": frozenset({"Always", "Never", "OnFailure"}),
    "dnsPolicy": frozenset({"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}),
}
_OBJECT_WORDS = {
    ("Deployment", "spec.strategy.type"): frozenset({"Recreate", "RollingUpdate"}),
    ("StatefulSet", "spec.updateStrategy.type"): frozenset({"OnDelete", "RollingUpdate"}),
    ("StatefulSet", "spec.podManagementPolicy"): frozenset({"OrderedReady", "Parallel"}),
    ("Service", "spec.type"): frozenset({"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}),
    ("PodDisruptionBudget", "spec.unhealthyPodEvictionPolicy"): frozenset(
        {"AlwaysAllow", "IfHealthyBudget"}
    ),
}
_PULL_WORDS = frozenset({"Always", "IfNotPresent", "Never"})
_PROTOCOLS = frozenset({"SCTP", "TCP", "UDP"})
_SPREAD_WORDS = frozenset({"DoNotSchedule", "ScheduleAnyway"})


def findings(objects: list[Object]) -> list[Finding]:
    """Find images that move, words that are not known, probes with no or two handlers."""
    found = [*_words(objects)]
    for workload in workloads(objects):
        found += _pod(workload)
        for container in containers(workload):
            found += _container(workload, container)
    return found


def _words(objects: list[Object]) -> Iterator[Finding]:
    for (kind, path), allowed in _OBJECT_WORDS.items():
        for thing in of_kind(objects, kind):
            value = dig(thing, *path.split("."))
            if value is not None and value not in allowed:
                yield Finding("word", called(thing), path, f"{value!r} is not known")
    for thing in of_kind(objects, "Service"):
        for index, port in enumerate(items(thing, "spec", "ports")):
            if port.get("protocol", "TCP") not in _PROTOCOLS:
                path = f"spec.ports[{index}].protocol"
                yield Finding("word", called(thing), path, f"{port['protocol']!r} is not known")


def _pod(workload: Workload) -> Iterator[Finding]:
    owner = called(workload.object)
    for field, allowed in _POD_WORDS.items():
        value = workload.spec.get(field)
        if value is not None and value not in allowed:
            yield Finding("word", owner, workload.at(field), f"{value!r} is not known")
    for index, spread in enumerate(items(workload.spec, "topologySpreadConstraints")):
        if spread.get("whenUnsatisfiable") not in _SPREAD_WORDS:
            path = workload.at(f"topologySpreadConstraints[{index}].whenUnsatisfiable")
            yield Finding("word", owner, path, f"{spread.get('whenUnsatisfiable')!r} is not known")


def _container(workload: Workload, container: Container) -> Iterator[Finding]:
    owner, body = called(workload.object), container.body
    if problem := _moves(body.get("image")):
        yield Finding("image", owner, f"{container.path}.image", problem)
    policy = body.get("imagePullPolicy", "IfNotPresent")
    if policy not in _PULL_WORDS:
        path = f"{container.path}.imagePullPolicy"
        yield Finding("word", owner, path, f"{policy!r} is not known")
    for field in PROBES:
        yield from _handler(owner, f"{container.path}.{field}", body.get(field), HANDLERS)
        yield from _probed_port(owner, container, field)
    for field in ("preStop", "postStart"):
        hook = dig(body, "lifecycle", field)
        yield from _handler(owner, f"{container.path}.lifecycle.{field}", hook, HOOK_HANDLERS)


def _moves(image: object) -> str:
    match = _IMAGE.fullmatch(image) if isinstance(image, str) else None
    if match is None:
        return f"{image!r} is no image"
    if match["digest"]:
        return ""
    if match["tag"] is None:
        return f"{image} has no tag"
    return f"{image} is another image tomorrow" if match["tag"] in MOVING_TAGS else ""


def _handler(owner: str, path: str, hook: object, known: frozenset[str]) -> Iterator[Finding]:
    if hook is None:
        return
    handlers = sorted(known & mapping(hook).keys())
    if len(handlers) != 1:
        problem = f"has {' and '.join(handlers) or 'no handler'}; one is needed"
        yield Finding("probe", owner, path, problem)


def _probed_port(owner: str, container: Container, field: str) -> Iterator[Finding]:
    for handler in ("httpGet", "tcpSocket"):
        port = dig(container.body, field, handler, "port")
        named = {each.get("name") for each in items(container.body, "ports")}
        if isinstance(port, str) and port not in named:
            path = f"{container.path}.{field}.{handler}.port"
            yield Finding("probe", owner, path, f"{port!r} is no port of the container")
