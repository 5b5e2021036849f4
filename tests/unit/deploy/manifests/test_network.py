from typing import Any

import pytest

from ledgerflux.deploy.manifests.network import End, Port, allows

A = End("a", {"app": "a"}, "home", ports={"web": 80})
B = End("b", {"app": "b"}, "home", ports={"web": 80})
FAR = End("far", {"app": "a"}, "away")
OUT = End("out", {}, "", "203.0.113.7")
WEB = Port(80)


def policy(spec: dict[str, Any], namespace: str = "home") -> dict[str, Any]:
    metadata = {"name": "p", "namespace": namespace}
    return {"kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def into_b(*rules: dict[str, Any]) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "b"}}
    return policy({"podSelector": selector, "policyTypes": ["Ingress"], "ingress": list(rules)})


def out_of_a(*rules: dict[str, Any]) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "a"}}
    return policy({"podSelector": selector, "policyTypes": ["Egress"], "egress": list(rules)})


def peer(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def test_without_a_policy_all_is_open() -> None:
    assert allows([], A, B, WEB)
    assert allows([], A, OUT, WEB)


def test_a_policy_without_rules_closes_its_direction_only() -> None:
    assert not allows([into_b()], A, B, WEB)
    assert allows([into_b()], B, A, WEB)
    assert not allows([out_of_a()], A, B, WEB)
    assert allows([out_of_a()], B, A, WEB)


def test_both_ends_have_to_agree() -> None:
    deny = policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    to_b, from_a = out_of_a({"to": [peer(app="b")]}), into_b({"from": [peer(app="a")]})
    assert not allows([deny, to_b], A, B, WEB)
    assert not allows([deny, from_a], A, B, WEB)
    assert allows([deny, to_b, from_a], A, B, WEB)


def test_policies_add_up() -> None:
    assert allows([into_b(), into_b({"from": [peer(app="a")]})], A, B, WEB)


def test_a_policy_of_another_namespace_has_no_say() -> None:
    assert allows([policy({"podSelector": {}, "policyTypes": ["Ingress"]}, "away")], A, B, WEB)


def test_a_pod_selector_alone_means_its_own_namespace() -> None:
    assert not allows([into_b({"from": [peer(app="a")]})], FAR, B, WEB)
    home = {"kubernetes.io/metadata.name": "away"}
    both = {"namespaceSelector": {"matchLabels": home}, **peer(app="a")}
    assert allows([into_b({"from": [both]})], FAR, B, WEB)
    assert not allows([into_b({"from": [both]})], A, B, WEB)


@pytest.mark.parametrize(
    ("ports", "port", "is_open"),
    [
        ([{"port": 80}], Port(80), True),
        ([{"port": 80}], Port(81), False),
        ([{"port": 80}], Port(80, "UDP"), False),
        ([{"port": 80, "protocol": "UDP"}], Port(80, "UDP"), True),
        ([{"port": "web"}], Port(80), True),
        ([{"port": "other"}], Port(80), False),
        ([{"port": 80, "endPort": 90}], Port(85), True),
        ([{"port": 80, "endPort": 90}], Port(91), False),
        ([{"protocol": "TCP"}], Port(7), True),
        ([], Port(7), True),
    ],
)
def test_ports_are_held(ports: list[dict[str, Any]], port: Port, is_open: bool) -> None:
    assert allows([into_b({"ports": ports})], A, B, port) is is_open


@pytest.mark.parametrize(
    ("block", "is_open"),
    [
        ({"cidr": "0.0.0.0/0"}, True),
        ({"cidr": "10.0.0.0/8"}, False),
        ({"cidr": "0.0.0.0/0", "except": ["203.0.113.0/24"]}, False),
        ({"cidr": "::/0"}, False),
    ],
)
def test_blocks_of_addresses_are_held(block: dict[str, Any], is_open: bool) -> None:
    assert allows([out_of_a({"to": [{"ipBlock": block}]})], A, OUT, WEB) is is_open
    assert not allows([out_of_a({"to": [{"ipBlock": block}]})], A, B, WEB)


def test_a_selector_never_means_the_outside() -> None:
    assert not allows([out_of_a({"to": [{"podSelector": {}}]})], A, OUT, WEB)
    assert not allows([into_b({"from": [{"namespaceSelector": {}}]})], OUT, B, WEB)


def test_directions_without_a_word_are_those_with_rules() -> None:
    silent = policy({"podSelector": {"matchLabels": {"app": "a"}}, "egress": [{"ports": []}]})
    assert not allows([silent], B, A, WEB)
    assert allows([silent], A, B, WEB)
    assert allows([policy({"podSelector": {"matchLabels": {"app": "a"}}})], A, B, WEB)
