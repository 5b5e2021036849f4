"""Who has to reach whom, and that nobody else does."""

from collections.abc import Iterator
from typing import NamedTuple

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.network import End, Port, allows
from ledgerflux.deploy.manifests.objects import Object, dig, name_of, of_kind, workloads
from ledgerflux.deploy.manifests.selecting import ports_of

RULE = "network"
ROLES = ("exchange", "gateway", "ingest", "normalize", "snapshot")
DNS = End("dns", {"k8s-app": "kube-dns"}, "kube-system")
STRANGER = End("pod of another namespace", {"app.kubernetes.io/name": "gateway"}, "default")
INTERNET = End("internet", {}, "", "203.0.113.7")
INTERNET_6 = End("internet (IPv6)", {}, "", "2001:db8::7")
NODE = End("network of the nodes", {}, "", "192.168.49.2")
METADATA = End("metadata of the cloud", {}, "", "169.254.169.254")
OUTSIDE = (STRANGER, INTERNET, INTERNET_6, NODE, METADATA)
_DNS_PORTS = (Port(53), Port(53, "UDP"))
_OUTER_PORTS = (Port(443), Port(80), Port(6443), Port(22), Port(443, "UDP"))


class Flow(NamedTuple):
    """A connection that has to work."""

    source: str
    target: str
    port: Port


WANTED = frozenset(
    {
        *(Flow(role, "nats", Port(4222)) for role in ROLES),
        *(Flow("prometheus", role, Port(9100)) for role in ROLES if role != "gateway"),
        *(Flow(end.name, "gateway", Port(8000)) for end in OUTSIDE),
        *(Flow("ingest", end.name, Port(443)) for end in (INTERNET, INTERNET_6)),
        Flow("snapshot", "nats", Port(8222)),
        Flow("snapshot", "postgres", Port(5432)),
        Flow("ingest", "exchange", Port(9000)),
        Flow("prometheus", "gateway", Port(8000)),
        Flow("grafana", "prometheus", Port(9090)),
    }
)
"""All of them, but that every pod asks the resolver. Nothing else may work."""


def findings(objects: list[Object]) -> list[Finding]:
    """Find connections that are needed and denied, and others that are open.

    Without a NetworkPolicy everything is open, and nothing is found: they are a component.
    """
    policies = of_kind(objects, "NetworkPolicy")
    if not policies:
        return []
    return [
        Finding(
            RULE, flow.source, f"{flow.target}:{flow.port.number}/{flow.port.protocol}", problem
        )
        for flow, problem in _wrong(objects, policies)
    ]


def matrix(objects: list[Object]) -> set[Flow]:
    """Return all flows that the NetworkPolicies let through, of those that are looked at."""
    policies = of_kind(objects, "NetworkPolicy")
    return {
        Flow(source.name, target.name, port)
        for source, target, port in _looked_at(objects)
        if allows(policies, source, target, port)
    }


def _wrong(objects: list[Object], policies: list[Object]) -> Iterator[tuple[Flow, str]]:
    for source, target, port in _looked_at(objects):
        flow = Flow(source.name, target.name, port)
        is_wanted = flow in WANTED or target == DNS
        if is_wanted and not allows(policies, source, target, port):
            yield flow, "is denied, and needed"
        elif not is_wanted and allows(policies, source, target, port):
            yield flow, "is open, and nobody needs it"


def _looked_at(objects: list[Object]) -> Iterator[tuple[End, End, Port]]:
    """Give every pair, with each port that the target listens on, over TCP and UDP."""
    pods = list(_pods(objects))
    for pod in pods:
        numbers = sorted(set(pod.ports.values()))
        ports = [Port(number, protocol) for number in numbers for protocol in ("TCP", "UDP")]
        for source in (*pods, *OUTSIDE):
            for port in ports:
                if source != pod:
                    yield source, pod, port
        for port in _DNS_PORTS:
            yield pod, DNS, port
        for target in OUTSIDE:
            for port in _OUTER_PORTS:
                yield pod, target, port


def _pods(objects: list[Object]) -> Iterator[End]:
    """Give every pod, and in each namespace one that no policy has heard of."""
    namespaces = set()
    for workload in workloads(objects):
        namespace = str(dig(workload.object, "metadata", "namespace") or "default")
        namespaces.add(namespace)
        yield End(name_of(workload.object), workload.labels, namespace, ports=ports_of(workload))
    for namespace in sorted(namespaces):
        yield End("any other pod", {}, namespace, ports={"any": 1})
