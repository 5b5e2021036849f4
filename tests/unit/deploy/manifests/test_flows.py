from manifests import container, good, plain, workload

from ledgerflux.deploy.manifests import flows
from ledgerflux.deploy.manifests.network import Port

DENY = plain(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "deny",
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
)
OPEN = plain(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "open",
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
)


def told(objects: list) -> set[str]:
    return {f"{one.object} {one.path} {one.problem}" for one in flows.findings(objects)}


def test_without_policies_there_is_nothing_to_find() -> None:
    assert flows.findings(good()) == []


def test_a_flow_that_is_needed_and_denied_is_found() -> None:
    found = told([*good(), DENY])
    assert "normalize nats:4222/TCP is denied, and needed" in found
    assert "internet gateway:8000/TCP is denied, and needed" in found
    assert "gateway dns:53/UDP is denied, and needed" in found
    assert not any("nobody needs it" in line for line in found)


def test_a_flow_that_is_open_and_not_needed_is_found() -> None:
    found = told([*good(), OPEN])
    assert "gateway postgres:5432/TCP is open, and nobody needs it" in found
    assert "normalize internet:443/TCP is open, and nobody needs it" in found
    assert "normalize nats:4222/UDP is open, and nobody needs it" in found
    assert not any("normalize nats:4222/TCP" in line for line in found)


def test_only_ingest_may_leave_the_cluster() -> None:
    leaving = {flow.source for flow in flows.WANTED if flow.target.startswith("internet")}
    assert leaving == {"ingest"}


def test_a_pod_that_nobody_thought_of_is_looked_at() -> None:
    body = container("spy", ports=[{"name": "http", "containerPort": 1}])
    spy = workload("Deployment", "spy", body, {})
    found = told([*good(), spy, OPEN])
    assert "spy postgres:5432/TCP is open, and nobody needs it" in found
    assert "nats spy:1/TCP is open, and nobody needs it" in found


def test_the_matrix_has_every_open_flow_and_no_other() -> None:
    assert flows.matrix([*good(), DENY]) == set()
    opened = flows.matrix([*good(), OPEN])
    assert flows.Flow("gateway", "postgres", Port(5432)) in opened


def test_a_pod_without_a_policy_of_its_own_is_reached_by_nobody() -> None:
    resolver = {"podSelector": {}, "policyTypes": ["Egress"], "egress": []}
    dns = plain("networking.k8s.io/v1", "NetworkPolicy", "dns", spec=resolver)
    found = told([*good(), dns])
    assert "pod of another namespace any other pod:1/TCP is open, and nobody needs it" in found
    assert not any("any other pod" in line and "nobody" in line for line in told([*good(), DENY]))
