"""Pod Security Standards, level restricted, on every pod; and what we ask beyond it.

Source: kubernetes.io, Pod Security Standards, baseline and restricted.
"""

from collections.abc import Iterator
from typing import Any

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

RULE = "pod security"
OURS = "hardening"
VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"}
    | {"persistentVolumeClaim", "projected", "secret"}
)
SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
    | {"net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"}
    | {"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"}
    | {"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}
)
_SECCOMP = frozenset({"Localhost", "RuntimeDefault"})
_SELINUX = frozenset(
    {"", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"}
)
_PROBES = (
    ("startupProbe",),
    ("readinessProbe",),
    ("livenessProbe",),
    ("lifecycle", "preStop"),
    ("lifecycle", "postStart"),
)


def findings(objects: list[Object]) -> list[Finding]:
    """Find pods that the level restricted refuses, and namespaces that do not enforce it."""
    found = [*_namespaces(objects)]
    for workload in workloads(objects):
        owner = called(workload.object)
        for rule, path, problem in _pod(workload):
            found.append(Finding(rule, owner, workload.at(path), problem))
        for container in containers(workload):
            for rule, path, problem in _container(workload, container):
                found.append(Finding(rule, owner, f"{container.path}.{path}", problem))
    return found


_Problem = tuple[str, str, str]


def _namespaces(objects: list[Object]) -> Iterator[Finding]:
    label = "pod-security.kubernetes.io/enforce"
    for thing in of_kind(objects, "Namespace"):
        if dig(thing, "metadata", "labels", label) != "restricted":
            path = f"metadata.labels[{label}]"
            yield Finding(RULE, called(thing), path, "is not restricted")


def _pod(workload: Workload) -> Iterator[_Problem]:
    spec = workload.spec
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield RULE, field, "shares something of the node"
    for index, volume in enumerate(items(spec, "volumes")):
        for kind in sorted(volume.keys() - VOLUMES - {"name"}):
            yield RULE, f"volumes[{index}].{kind}", "is no kind of volume that is allowed"
    for index, sysctl in enumerate(items(spec, "securityContext", "sysctls")):
        if sysctl.get("name") not in SYSCTLS:
            yield RULE, f"securityContext.sysctls[{index}]", f"{sysctl.get('name')} is not safe"
    yield from _context(mapping(spec, "securityContext"), "securityContext")
    if spec.get("automountServiceAccountToken") is not False:
        yield OURS, "automountServiceAccountToken", "the pod gets a token that it does not need"


def _context(context: Object, path: str) -> Iterator[_Problem]:
    """Find what neither a pod nor a container may ask for."""
    if context.get("runAsUser") == 0:
        yield RULE, f"{path}.runAsUser", "is root"
    if dig(context, "windowsOptions", "hostProcess"):
        yield RULE, f"{path}.windowsOptions.hostProcess", "is a process of the node"
    seccomp = dig(context, "seccompProfile", "type")
    if seccomp is not None and seccomp not in _SECCOMP:
        yield RULE, f"{path}.seccompProfile.type", f"{seccomp!r} is no profile"
    app_armor = dig(context, "appArmorProfile", "type")
    if app_armor is not None and app_armor not in _SECCOMP:
        yield RULE, f"{path}.appArmorProfile.type", f"{app_armor!r} is no profile"
    linux = mapping(context, "seLinuxOptions")
    if linux.get("type", "") not in _SELINUX or linux.get("user") or linux.get("role"):
        yield RULE, f"{path}.seLinuxOptions", "is not allowed"


def _container(workload: Workload, container: Container) -> Iterator[_Problem]:
    pod, own = mapping(workload.spec, "securityContext"), mapping(container.body, "securityContext")
    path = "securityContext"
    yield from _context(own, path)
    if own.get("privileged"):
        yield RULE, f"{path}.privileged", "has all of the node"
    if own.get("allowPrivilegeEscalation") is not False:
        yield RULE, f"{path}.allowPrivilegeEscalation", "is not false"
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield RULE, f"{path}.runAsNonRoot", "is not true, here or for the pod"
    if (dig(own, "seccompProfile", "type") or dig(pod, "seccompProfile", "type")) not in _SECCOMP:
        yield RULE, f"{path}.seccompProfile", "is absent, here and for the pod"
    if own.get("procMount", "Default") != "Default":
        yield RULE, f"{path}.procMount", "shows more of /proc"
    yield from _capabilities(mapping(own, "capabilities"))
    for index, port in enumerate(items(container.body, "ports")):
        if port.get("hostPort"):
            yield RULE, f"ports[{index}].hostPort", "is a port of the node"
    for way in _PROBES:
        yield from _probe_host(container, way)
    if own.get("readOnlyRootFilesystem") is not True:
        yield OURS, f"{path}.readOnlyRootFilesystem", "is not true"


def _capabilities(capabilities: Object) -> Iterator[_Problem]:
    if "ALL" not in _list(capabilities.get("drop")):
        yield RULE, "securityContext.capabilities.drop", "does not drop ALL"
    if extra := set(_list(capabilities.get("add"))) - {"NET_BIND_SERVICE"}:
        yield RULE, "securityContext.capabilities.add", f"adds {', '.join(sorted(extra))}"


def _list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _probe_host(container: Container, way: tuple[str, ...]) -> Iterator[_Problem]:
    for handler in ("httpGet", "tcpSocket"):
        if dig(container.body, *way, handler, "host"):
            yield RULE, f"{'.'.join(way)}.{handler}.host", "asks another host in the kubelet's name"
