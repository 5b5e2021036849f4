"""What kubectl renders of k8s/ is right, as far as that can be known without a cluster."""

import functools
import json

import pytest
from rendered import ALL, COMBINATIONS, K8S, OVERLAYS, list_file, listed, objects

from ledgerflux.deploy.manifests import NODE_2_4, NODE_4_8, check, flows
from ledgerflux.deploy.manifests.identity import KNOWN
from ledgerflux.deploy.manifests.objects import containers, of_kind, workloads

pytestmark = pytest.mark.deploy


def validator():
    """Return the module, which the default lane has not."""
    import kubernetes_validate

    return kubernetes_validate


VERSIONS = ("1.30", "1.34", "1.37")
"""The oldest that has all we use, one between, the newest."""
NAME = "app.kubernetes.io/name"
WITH_POLICIES = [name for name in ALL if name != "tests/bare"]


def test_every_folder_is_rendered_by_a_test() -> None:
    assert set(OVERLAYS) >= {"overlays/minikube", "overlays/minikube-small", "overlays/inner-loop"}
    assert len(COMBINATIONS) >= 3
    components = {path.parent.name for path in K8S.glob("components/*/kustomization.yaml")}
    used = {
        component
        for name in ALL
        for component in components
        if f"components/{component}" in (K8S / name / "kustomization.yaml").read_text()
    }
    assert used == components


@pytest.mark.parametrize("name", ALL)
def test_it_renders_without_a_warning_to_the_objects_that_are_listed(name: str) -> None:
    assert listed(name) == list_file(name).read_text(), "python tests/rendered.py"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALL)
def test_every_object_is_valid_in_every_version(name: str, version: str) -> None:
    for one in objects(name):
        assert one["kind"] in KNOWN
        _validate(json.dumps(one), version)


@functools.cache
def _validate(one: str, version: str) -> None:
    """Hold an object against its schema; most of them are the same in several overlays."""
    validator().validate(json.loads(one), version, strict=True)


def test_an_unknown_kind_fails() -> None:
    with pytest.raises(validator().SchemaNotFoundError):
        validator().validate({"apiVersion": "v1", "kind": "Shard"}, "1.37", strict=True)


@pytest.mark.parametrize("name", ALL)
def test_no_check_of_ours_finds_anything(name: str) -> None:
    node = NODE_2_4 if name.endswith("small") else NODE_4_8
    assert [str(finding) for finding in check(objects(name), node)] == []


@pytest.mark.parametrize("name", WITH_POLICIES)
def test_the_wanted_flows_work_and_no_other(name: str) -> None:
    open_flows = flows.matrix(objects(name))
    there = {one["metadata"]["name"] for one in objects(name)}
    wanted = {
        flow
        for flow in flows.WANTED
        if {flow.source, flow.target} <= there | {end.name for end in flows.OUTSIDE}
    }
    assert {flow for flow in open_flows if flow.target != flows.DNS.name} == wanted
    assert {flow.source for flow in open_flows if flow.target == flows.DNS.name} >= set(flows.ROLES)


def test_every_policy_is_needed() -> None:
    whole = objects("overlays/minikube")
    pods = {one["metadata"]["name"] for one in whole}
    for policy in of_kind(whole, "NetworkPolicy"):
        name = policy["metadata"]["name"]
        if name.startswith(("scrapes", "grafana")) and "grafana" not in pods:
            continue
        rest = [one for one in whole if one is not policy]
        assert flows.findings(rest) != [], f"nothing is found without {name}"


@pytest.mark.parametrize("name", ALL)
def test_the_number_of_shards_is_that_of_the_pods(name: str) -> None:
    [normalize] = [one for one in workloads(objects(name)) if one.labels[NAME] == "normalize"]
    [body] = normalize.spec["containers"]
    told = {each["name"]: each.get("value") for each in body["env"]}["LF_SHARDS"]
    wanted = 2 if name.endswith("small") else 4
    assert (normalize.object["spec"]["replicas"], told) == (wanted, str(wanted))


@pytest.mark.parametrize("name", ALL)
def test_all_objects_but_the_namespace_lie_in_it(name: str) -> None:
    outside = {one["kind"] for one in objects(name) if "namespace" not in one["metadata"]}
    assert outside == {"Namespace"}
    assert {one["metadata"].get("namespace", "ledgerflux") for one in objects(name)} == {
        "ledgerflux"
    }


@pytest.mark.parametrize("name", ALL)
def test_no_secret_and_no_digest_of_one_is_rendered(name: str) -> None:
    assert of_kind(objects(name), "Secret") == []


@pytest.mark.parametrize("name", ALL)
def test_no_pod_gets_a_token_nor_a_name_of_every_service(name: str) -> None:
    for workload in workloads(objects(name)):
        assert workload.spec["automountServiceAccountToken"] is False
        assert workload.spec["enableServiceLinks"] is False
    for account in of_kind(objects(name), "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ALL)
def test_memory_of_a_role_is_limited_to_what_is_promised(name: str) -> None:
    for workload in workloads(objects(name)):
        if workload.labels["app.kubernetes.io/component"] == "role":
            bodies = {each.name: each.body for each in containers(workload)}
            limit = bodies[workload.object["metadata"]["name"]]["resources"]["limits"]
            assert limit == {"cpu": "1", "memory": "512Mi"}
