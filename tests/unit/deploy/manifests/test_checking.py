from typing import Any

import pytest
from manifests import find, good, put

from ledgerflux.deploy.manifests import NODE_2_4, check
from ledgerflux.deploy.manifests.checking import RULES


def test_objects_that_are_right_have_no_findings() -> None:
    assert check(good()) == []


def test_every_kind_of_rule_is_asked() -> None:
    broken = put(good(), "StatefulSet/normalize", "spec.replicas", 3)
    assert [finding.rule for finding in check(broken)] == ["shards"]
    broken = put(good(), "StatefulSet/normalize", "spec.template.spec.hostNetwork", True)
    assert [finding.rule for finding in check(broken)] == ["pod security"]


def test_the_node_is_the_one_that_is_named() -> None:
    body = "spec.template.spec.containers.0.resources.requests.memory"
    large = put(good(), "StatefulSet/nats", body, "512Mi")
    large = put(large, "StatefulSet/postgres", body, "512Mi")
    large = put(large, "StatefulSet/normalize", body, "512Mi")
    assert check(large) == []
    assert {finding.rule for finding in check(large, NODE_2_4)} == {"budget"}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("odd", [None, 7, "text", [], [None, 3], {}, {"name": None}])
def test_no_rule_minds_fields_of_another_type(rule: Any, odd: Any) -> None:
    for called in ("StatefulSet/normalize", "Service/nats", "PodDisruptionBudget/nats"):
        for field in ("spec", "spec.template", "spec.template.spec", "spec.selector", "spec.ports"):
            if called.startswith("StatefulSet") or "template" not in field:
                rule(put(good(), called, field, odd))


def test_a_list_of_objects_is_not_changed() -> None:
    objects = good()
    check(objects)
    assert find(objects, "StatefulSet/nats") == find(good(), "StatefulSet/nats")
