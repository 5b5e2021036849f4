import pytest
from manifests import good, put

from ledgerflux.deploy.manifests import shards

ENV = "spec.template.spec.containers.0.env"


def test_good_objects_pass() -> None:
    assert shards.findings(good()) == []


@pytest.mark.parametrize("replicas", [1, 3, 5, None])
def test_another_number_of_pods_than_shards_is_found(replicas: int | None) -> None:
    [finding] = shards.findings(put(good(), "StatefulSet/normalize", "spec.replicas", replicas))
    assert (finding.rule, finding.object) == ("shards", "StatefulSet/normalize")


def test_another_number_of_shards_than_pods_is_found() -> None:
    [finding] = shards.findings(put(good(), "StatefulSet/normalize", f"{ENV}.1.value", "8"))
    assert finding.problem == "LF_SHARDS is '8' for 4 replicas"


def test_a_number_from_elsewhere_is_found() -> None:
    path = f"{ENV}.0.valueFrom.fieldRef.fieldPath"
    [finding] = shards.findings(put(good(), "StatefulSet/normalize", path, "metadata.name"))
    assert finding.path.endswith("env[0]")


def test_shards_in_pods_without_numbers_are_found() -> None:
    [finding] = shards.findings(put(good(), "StatefulSet/normalize", "kind", "Deployment"))
    assert finding.path == "kind"


def test_shards_that_are_scaled_are_found() -> None:
    target = {"kind": "StatefulSet", "name": "normalize"}
    objects = put(good(), "HorizontalPodAutoscaler/gateway", "spec.scaleTargetRef", target)
    [finding] = shards.findings(objects)
    assert finding.problem == "shards are never scaled"
