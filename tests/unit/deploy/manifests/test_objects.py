import pytest
from manifests import good

from ledgerflux.deploy.manifests import objects


def test_a_way_that_ends_early_is_none() -> None:
    assert objects.dig({"a": {"b": 1}}, "a", "b") == 1
    assert objects.dig({"a": [1]}, "a", "b") is None
    assert objects.mapping({"a": 3}, "a") == {}
    assert objects.items({"a": [{"x": 1}, 2]}, "a") == [{"x": 1}]
    assert objects.items({"a": {"x": 1}}, "a") == []


def test_everything_that_makes_pods_is_found() -> None:
    made = [objects.called(one.object) for one in objects.workloads(good())]
    assert made == [
        "StatefulSet/nats", "StatefulSet/postgres", "StatefulSet/normalize", "Deployment/gateway",
    ]  # fmt: skip


def test_a_pod_and_a_cron_job_make_pods_too() -> None:
    spec = {"containers": [{"name": "a"}]}
    pod = {"kind": "Pod", "metadata": {"labels": {"a": "b"}}, "spec": spec}
    template = {"metadata": {"labels": {"c": "d"}}, "spec": spec}
    job = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}}
    found = list(objects.workloads([pod, job]))
    assert [one.labels for one in found] == [{"a": "b"}, {"c": "d"}]
    paths = [one.path for workload in found for one in objects.containers(workload)]
    assert paths == ["spec.containers[0]", "spec.jobTemplate.spec.template.spec.containers[0]"]


def test_containers_of_the_start_count_as_containers() -> None:
    spec = {"initContainers": [{"name": "a"}], "containers": [{"name": "b"}, {}]}
    [pod] = objects.workloads([{"kind": "Pod", "spec": spec}])
    assert [one.name for one in objects.containers(pod)] == ["a", "b", "?"]


@pytest.mark.parametrize(
    ("selector", "is_chosen"),
    [
        ({}, True),
        ({"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "b"}}, False),
        ({"matchLabels": {"app": "a", "tier": "x"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, False),
    ],
)
def test_a_selector_matches_as_kubernetes_matches(selector: dict, is_chosen: bool) -> None:
    assert objects.selects(selector, {"app": "a"}) is is_chosen
