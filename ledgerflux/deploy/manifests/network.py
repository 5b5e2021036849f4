"""An evaluator of NetworkPolicies: may this pod speak to that one, on this port?

Source: kubernetes.io, API reference of NetworkPolicy. A pod that no policy of a direction
selects is free in it; one that is selected may do what any of them allows. A connection needs
its own end to let it out and the other end to let it in.
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any, Literal, NamedTuple

from ledgerflux.deploy.manifests.objects import Object, dig, items, mapping, selects

Direction = Literal["Ingress", "Egress"]
_FIELDS: dict[str, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


class End(NamedTuple):
    """One end of a connection.

    Attributes:
        name: What it is called in findings.
        labels: Labels of the pod; empty for what is no pod.
        namespace: Name of its namespace; empty for what is no pod.
        address: IP address of what lies outside of the cluster; empty for a pod.
        ports: Named ports of the pod.
    """

    name: str
    labels: dict[str, Any]
    namespace: str
    address: str = ""
    ports: dict[str, int] = {}  # noqa: RUF012 - never written to


class Port(NamedTuple):
    """A port of the other end."""

    number: int
    protocol: str = "TCP"


def allows(policies: Iterable[Object], source: End, target: End, port: Port) -> bool:
    """Say whether `source` may open a connection to `port` of `target`."""
    listed = list(policies)
    out = _lets(listed, "Egress", source, target, target, port)
    return out and _lets(listed, "Ingress", target, source, target, port)


def _lets(
    policies: list[Object], direction: Direction, own: End, other: End, target: End, port: Port
) -> bool:
    if own.address:
        return True
    mine = [policy for policy in policies if _is_for(policy, direction, own)]
    return not mine or any(_permits(policy, direction, other, target, port) for policy in mine)


def _is_for(policy: Object, direction: Direction, end: End) -> bool:
    """Say whether `policy` rules over `direction` of `end`."""
    if _namespace(policy) != end.namespace or direction not in _types(policy):
        return False
    return selects(mapping(policy, "spec", "podSelector"), end.labels)


def _types(policy: Object) -> list[str]:
    """Return the directions; without a word it is Ingress, and Egress where it has such rules."""
    given = dig(policy, "spec", "policyTypes")
    if isinstance(given, list):
        return given
    return ["Ingress", *(["Egress"] if dig(policy, "spec", "egress") else [])]


def _namespace(policy: Object) -> str:
    return str(dig(policy, "metadata", "namespace") or "default")


def _permits(policy: Object, direction: Direction, other: End, target: End, port: Port) -> bool:
    field, peers = _FIELDS[direction]
    return any(
        _peered(items(rule, peers), other, _namespace(policy))
        and _ported(items(rule, "ports"), target, port)
        for rule in items(policy, "spec", field)
    )


def _peered(peers: list[Object], other: End, namespace: str) -> bool:
    """Say whether a rule means `other`; one without peers means everybody."""
    return not peers or any(_is_peer(peer, other, namespace) for peer in peers)


def _is_peer(peer: Object, other: End, namespace: str) -> bool:
    if "ipBlock" in peer:
        return bool(other.address) and _inside(mapping(peer, "ipBlock"), other.address)
    if other.address:
        return False
    if "namespaceSelector" in peer:
        named = {"kubernetes.io/metadata.name": other.namespace}
        at_home = selects(mapping(peer, "namespaceSelector"), named)
    else:
        at_home = other.namespace == namespace
    return at_home and selects(mapping(peer, "podSelector"), other.labels)


def _inside(block: Object, address: str) -> bool:
    ip = ip_address(address)
    excepted = block.get("except") or []
    return ip in ip_network(block["cidr"]) and not any(ip in ip_network(one) for one in excepted)


def _ported(ports: list[Object], target: End, port: Port) -> bool:
    """Say whether a rule means `port`; one without ports means all."""
    return not ports or any(_is_port(rule, target, port) for rule in ports)


def _is_port(rule: Object, target: End, port: Port) -> bool:
    if rule.get("protocol", "TCP") != port.protocol:
        return False
    first: Any = rule.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return target.ports.get(first) == port.number
    return bool(first <= port.number <= rule.get("endPort", first))
