from typing import Any

import pytest
from manifests import GONE, find, good, put

from ledgerflux.deploy.manifests import selecting
from ledgerflux.deploy.manifests.objects import workloads

OTHER = {"matchLabels": {"app.kubernetes.io/name": "other"}}
SPREAD = "spec.template.spec.topologySpreadConstraints.0.labelSelector"


def test_good_objects_pass() -> None:
    assert selecting.findings(good()) == []


@pytest.mark.parametrize(
    ("called", "path", "value", "rule"),
    [
        ("StatefulSet/normalize", "spec.selector", OTHER, "selector"),
        ("StatefulSet/normalize", "spec.selector", GONE, "selector"),
        ("Deployment/gateway", SPREAD, OTHER, "selector"),
        ("Service/normalize", "spec.selector", {"app.kubernetes.io/name": "other"}, "selector"),
        ("Service/normalize", "spec.selector", GONE, "selector"),
        ("Service/normalize", "spec.ports.0.targetPort", "web", "port"),
        ("Service/normalize", "spec.ports.0.targetPort", 1234, "port"),
        ("PodDisruptionBudget/normalize", "spec.selector", OTHER, "selector"),
        ("PodDisruptionBudget/normalize", "spec.selector", GONE, "selector"),
        ("HorizontalPodAutoscaler/gateway", "spec.scaleTargetRef.name", "other", "selector"),
    ],
)
def test_a_selector_that_misses_is_found(called: str, path: str, value: Any, rule: str) -> None:
    [finding] = selecting.findings(put(good(), called, path, value))
    assert (finding.rule, finding.object) == (rule, called)


def test_replicas_written_beside_a_scaler_are_found() -> None:
    [finding] = selecting.findings(put(good(), "Deployment/gateway", "spec.replicas", 2))
    assert (finding.rule, finding.path) == ("replicas", "spec.replicas")


def test_a_port_by_its_number_is_found_where_the_pod_has_it() -> None:
    assert (
        selecting.findings(put(good(), "Service/normalize", "spec.ports.0.targetPort", 9100)) == []
    )
    alone = put(good(), "Service/normalize", "spec.ports.0.targetPort", GONE)
    assert selecting.findings(alone) == []  # then it is `port`


def test_a_workload_tells_its_named_ports() -> None:
    [nats] = workloads([find(good(), "StatefulSet/nats")])
    assert selecting.ports_of(nats) == {"http": 8222, "client": 4222}
