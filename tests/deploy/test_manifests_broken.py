"""Each way to break the rendered overlays that no schema sees, and those it does, is caught."""

from typing import Any

import pytest
from manifests import GONE, find, put
from rendered import objects

from ledgerflux.deploy.manifests import check

pytestmark = pytest.mark.deploy


def validator():
    """Return the module, which the default lane has not."""
    import kubernetes_validate

    return kubernetes_validate


OVERLAYS = ("overlays/minikube", "overlays/minikube-small")
BODY = "spec.template.spec.containers.0"
OTHER = {"matchLabels": {"app.kubernetes.io/name": "other"}}
OURS = [
    ("serviceName missing", "StatefulSet/normalize", "spec.serviceName", GONE, "reference"),
    ("selector", "StatefulSet/normalize", "spec.selector", OTHER, "selector"),
    ("quantity", "Deployment/gateway", f"{BODY}.resources.limits.memory", "512MB!", "quantity"),
    ("enum", "Deployment/gateway", f"{BODY}.imagePullPolicy", "Sometimes", "word"),
    ("name", "Service/gateway", "metadata.name", "Bad_Name", "name"),
    ("target port", "Service/gateway", "spec.ports.0.targetPort", "web", "port"),
    ("two handlers", "Deployment/gateway", f"{BODY}.livenessProbe.exec", {"command": []}, "probe"),
    ("removed API", "PodDisruptionBudget/nats", "apiVersion", "policy/v1beta1", "api version"),
    ("a CRD", "PodDisruptionBudget/nats", "kind", "PodMonitor", "kind"),
    ("shards", "StatefulSet/normalize", "spec.replicas", 7, "shards"),
    ("quorum", "PodDisruptionBudget/normalize", "spec.maxUnavailable", 9, "disruption"),
    ("moving image", "StatefulSet/nats", f"{BODY}.image", "nats:latest", "image"),
    ("claim", "StatefulSet/nats", f"{BODY}.volumeMounts.0.mountPath", "/store", "storage"),
    ("mount", "StatefulSet/postgres", f"{BODY}.volumeMounts.0.mountPath", "/data", "storage"),
    ("root", "Deployment/ingest", f"{BODY}.securityContext", {}, "pod security"),
    ("memory", "StatefulSet/normalize", f"{BODY}.resources.requests.memory", "5Gi", "budget"),
    ("account", "Deployment/ingest", "spec.template.spec.serviceAccountName", "x", "reference"),
    ("label", "StatefulSet/nats", "spec.template.metadata.labels", {}, "network"),
]  # fmt: skip
SCHEMA = [
    ("misspelled", "Deployment/gateway", f"{BODY}.imagePullPolcy", "Always"),
    ("type", "Deployment/gateway", "spec.replicas", "two"),
    ("no selector", "Deployment/gateway", "spec.selector", GONE),
    ("number in env", "Deployment/gateway", f"{BODY}.env.-", {"name": "A", "value": 1}),
    ("no rule for a metric", "Service/gateway", "spec.ports", [{"name": "a"}]),
]


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize(("what", "called", "path", "value", "rule"), OURS)
def test_what_no_schema_sees_is_found(
    name: str, what: str, called: str, path: str, value: Any, rule: str
) -> None:
    broken = put(objects(name), called, path, value)
    assert rule in {finding.rule for finding in check(broken)}, what


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize(("what", "called", "path", "value"), SCHEMA)
def test_what_the_schema_sees_is_found(
    name: str, what: str, called: str, path: str, value: Any
) -> None:
    broken = find(put(objects(name), called, path, value), called)
    with pytest.raises(validator().ValidationError):
        validator().validate(broken, "1.37", strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_config_that_is_gone_is_found(name: str) -> None:
    rest = [one for one in objects(name) if one["kind"] != "ConfigMap"]
    assert "reference" in {finding.rule for finding in check(rest)}


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("policy", ["default-deny", "dns", "nats-in", "nats-out", "venue-out"])
def test_a_policy_that_is_gone_is_found(name: str, policy: str) -> None:
    gone = find(objects(name), f"NetworkPolicy/{policy}")
    rest = [one for one in objects(name) if one != gone]
    assert "network" in {finding.rule for finding in check(rest)}
