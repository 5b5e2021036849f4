from typing import Any

import pytest
from manifests import find, good, put

from ledgerflux.deploy.manifests import identity

CONTAINER = "spec.template.spec.containers.0"


def test_good_objects_pass() -> None:
    assert identity.findings(good()) == []


@pytest.mark.parametrize(
    ("called", "path", "value", "rule"),
    [
        ("HorizontalPodAutoscaler/gateway", "apiVersion", "autoscaling/v2beta2", "api version"),
        ("PodDisruptionBudget/nats", "apiVersion", "policy/v1beta1", "api version"),
        ("StatefulSet/nats", "apiVersion", "apps/v1beta1", "api version"),
        ("ConfigMap/nats", "kind", "PodMonitor", "kind"),
        ("ConfigMap/nats", "kind", "Configmap", "kind"),
        ("Service/nats", "metadata.name", "Bad_Name", "name"),
        ("Service/nats", "metadata.name", "a.b", "name"),
        ("ConfigMap/env", "metadata.name", "a..b", "name"),
        ("ConfigMap/env", "metadata.name", "nats", "name"),
        ("StatefulSet/nats", f"{CONTAINER}.name", "Nats", "name"),
        ("StatefulSet/nats", f"{CONTAINER}.ports.0.name", "a-name-that-is-long", "name"),
    ],
)
def test_what_is_not_what_it_says_is_found(called: str, path: str, value: Any, rule: str) -> None:
    [finding] = identity.findings(put(good(), called, path, value))
    assert finding.rule == rule


def test_a_dot_is_allowed_where_the_name_is_a_whole_dns_name() -> None:
    assert identity.findings(put(good(), "ConfigMap/env", "metadata.name", "a.b")) == []


def test_an_object_that_is_there_twice_is_found() -> None:
    objects = [*good(), find(good(), "Service/nats")]
    [finding] = identity.findings(objects)
    assert str(finding) == "Service/nats metadata.name: there are 2 of it (name)"


@pytest.mark.parametrize(
    ("name", "is_label"),
    [("a", True), ("a" * 63, True), ("a" * 64, False), ("-a", False), ("a-", False), ("", False),
     ("A", False), (None, False), ("a\n", False), ("0a", True)],
)  # fmt: skip
def test_a_label_of_dns(name: Any, is_label: bool) -> None:
    assert identity.is_dns_label(name) is is_label


def test_a_dns_name_has_labels_and_dots() -> None:
    assert identity.is_dns_subdomain("a.b-c.d")
    assert not identity.is_dns_subdomain(".".join(["a" * 63] * 4))
    assert not identity.is_dns_subdomain("a_b")
    assert not identity.is_dns_subdomain(None)


@pytest.mark.parametrize(
    ("name", "is_name"),
    [("http", True), ("80", False), ("a--b", False), ("x" * 15, True), ("x" * 16, False)],
)  # fmt: skip
def test_a_name_of_a_port(name: str, is_name: bool) -> None:
    assert identity.is_port_name(name) is is_name
