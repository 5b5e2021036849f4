from typing import Any

import pytest
from manifests import GONE, find, good, put, without

from ledgerflux.deploy.manifests import disruption


def test_good_objects_pass() -> None:
    assert disruption.findings(good()) == []


@pytest.mark.parametrize(
    ("name", "spec", "problem"),
    [
        ("normalize", {"maxUnavailable": 4}, "4 of 4 may be taken, 1 have to stay"),
        ("normalize", {"maxUnavailable": "100%"}, "4 of 4 may be taken, 1 have to stay"),
        (
            "normalize",
            {"maxUnavailable": 0},
            "no pod of 4 may ever be taken: a node is never drained",
        ),
        (
            "normalize",
            {"minAvailable": 4},
            "no pod of 4 may ever be taken: a node is never drained",
        ),
        ("normalize", {"minAvailable": 0}, "4 of 4 may be taken, 1 have to stay"),
        ("normalize", {"maxUnavailable": "one"}, "a number or a percentage is needed"),
        ("nats", {"minAvailable": 1}, "no pod of 1 may ever be taken: a node is never drained"),
        ("gateway", {"maxUnavailable": 2}, "2 of 2 may be taken, 1 have to stay"),
    ],
)
def test_a_budget_that_keeps_too_little_or_all_is_found(
    name: str, spec: dict[str, Any], problem: str
) -> None:
    called = f"PodDisruptionBudget/{name}"
    selector = find(good(), called)["spec"]["selector"]
    [finding] = disruption.findings(put(good(), called, "spec", spec | {"selector": selector}))
    assert (finding.rule, finding.problem) == ("disruption", problem)


@pytest.mark.parametrize(
    ("replicas", "taken", "is_kept"), [(3, 1, True), (3, 2, False), (5, 2, True)]
)
def test_servers_that_vote_keep_more_than_half(replicas: int, taken: int, is_kept: bool) -> None:
    objects = put(good(), "StatefulSet/nats", "spec.replicas", replicas)
    objects = put(objects, "PodDisruptionBudget/nats", "spec.maxUnavailable", taken)
    assert (disruption.findings(objects) == []) is is_kept


@pytest.mark.parametrize("spec", [{"minAvailable": 1}, {"maxUnavailable": GONE}])
def test_a_budget_says_one_thing(spec: dict[str, Any]) -> None:
    [(key, value)] = spec.items()
    objects = put(good(), "PodDisruptionBudget/normalize", f"spec.{key}", value)
    problems = [finding.problem for finding in disruption.findings(objects)]
    assert "one of minAvailable and maxUnavailable is needed" in problems


def test_several_pods_without_a_budget_are_found() -> None:
    [finding] = disruption.findings(without(good(), "PodDisruptionBudget/gateway"))
    assert finding.problem == "2 replicas without a PodDisruptionBudget"
    assert disruption.findings(without(good(), "PodDisruptionBudget/nats")) == []


def test_a_scaler_says_how_few_there_may_be() -> None:
    objects = good()
    assert disruption.replicas_of(find(objects, "Deployment/gateway"), objects) == 2
    assert disruption.replicas_of(find(objects, "StatefulSet/normalize"), objects) == 4
    assert disruption.replicas_of({"kind": "Deployment", "spec": {}}, objects) == 1
