from fractions import Fraction

import pytest
from manifests import GONE, good, put

from ledgerflux.deploy.manifests import budget

RESOURCES = "spec.template.spec.containers.0.resources"


def test_good_objects_pass() -> None:
    assert budget.findings(good(), budget.NODE_4_8) == []


def test_all_pods_are_added_up_and_a_scaler_may_start_all_of_its_own() -> None:
    asked = budget.requests(good())  # nats, postgres, 4 normalizers, up to 4 gateways
    assert asked == (Fraction(10, 10), Fraction(10 * 128 * 1024**2))


def test_the_largest_container_of_the_start_counts_where_it_is_larger_than_the_rest() -> None:
    init = [{"name": "a", "resources": {"requests": {"cpu": "1"}}}]
    objects = put(good(), "StatefulSet/nats", "spec.template.spec.initContainers", init)
    assert budget.requests(objects).cpu == Fraction(19, 10)


@pytest.mark.parametrize(("name", "value"), [("cpu", "2200m"), ("memory", "6Gi")])
def test_a_sum_that_does_not_fit_is_found(name: str, value: str) -> None:
    objects = put(good(), "StatefulSet/nats", f"{RESOURCES}.requests.{name}", value)
    [finding] = budget.findings(objects, budget.NODE_4_8)
    assert (finding.rule, finding.path) == ("budget", f"requests.{name}")


@pytest.mark.parametrize(
    "field", ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]
)
def test_a_container_that_says_not_what_it_needs_is_found(field: str) -> None:
    [finding] = budget.findings(
        put(good(), "StatefulSet/nats", f"{RESOURCES}.{field}", GONE), budget.NODE_4_8
    )
    assert finding.path.endswith(field)


def test_a_quantity_that_is_none_counts_nothing() -> None:
    objects = put(good(), "StatefulSet/nats", f"{RESOURCES}.requests.cpu", "fast")
    assert budget.requests(objects).cpu == Fraction(9, 10)
