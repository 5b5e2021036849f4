from typing import Any

import pytest
from manifests import good, put

from ledgerflux.deploy.manifests import running

BODY = "spec.template.spec.containers.0"
TWO = {"httpGet": {"path": "/", "port": "http"}, "exec": {"command": ["true"]}}
DIGEST = "nats@sha256:" + "a" * 64


def test_good_objects_pass() -> None:
    assert running.findings(good()) == []


@pytest.mark.parametrize(
    "image", [DIGEST, f"nats:latest{DIGEST[4:]}", "localhost:5000/a/b:1.2", "nats:2.15.0-alpine"]
)
def test_a_pinned_image_passes(image: str) -> None:
    assert running.findings(put(good(), "StatefulSet/nats", f"{BODY}.image", image)) == []


@pytest.mark.parametrize(
    ("called", "path", "value", "rule"),
    [
        ("StatefulSet/nats", f"{BODY}.image", "nats:latest", "image"),
        ("StatefulSet/nats", f"{BODY}.image", "nats", "image"),
        ("StatefulSet/nats", f"{BODY}.image", "localhost:5000/nats", "image"),
        ("StatefulSet/nats", f"{BODY}.image", "", "image"),
        ("StatefulSet/nats", f"{BODY}.image", None, "image"),
        ("StatefulSet/nats", f"{BODY}.imagePullPolicy", "Sometimes", "word"),
        ("StatefulSet/nats", f"{BODY}.livenessProbe", TWO, "probe"),
        ("StatefulSet/nats", f"{BODY}.readinessProbe", {"periodSeconds": 3}, "probe"),
        ("StatefulSet/nats", f"{BODY}.livenessProbe.httpGet.port", "web", "probe"),
        ("Deployment/gateway", f"{BODY}.lifecycle.preStop", {}, "probe"),
        ("Deployment/gateway", f"{BODY}.lifecycle.preStop.exec", {"command": ["a"]}, "probe"),
        ("Deployment/gateway", "spec.strategy.type", "Rolling", "word"),
        ("StatefulSet/nats", "spec.podManagementPolicy", "All", "word"),
        ("StatefulSet/nats", "spec.updateStrategy.type", "Recreate", "word"),
        ("StatefulSet/nats", "spec.template.spec.restartPolicy", "Maybe", "word"),
        ("StatefulSet/nats", "spec.template.spec.dnsPolicy", "Cluster", "word"),
        ("Service/nats", "spec.type", "Nodeport", "word"),
        ("Service/nats", "spec.ports.0.protocol", "tcp", "word"),
        ("PodDisruptionBudget/nats", "spec.unhealthyPodEvictionPolicy", "Always", "word"),
        (
            "Deployment/gateway",
            "spec.template.spec.topologySpreadConstraints.0.whenUnsatisfiable",
            "Schedule",
            "word",
        ),
    ],
)
def test_what_would_not_run_is_found(called: str, path: str, value: Any, rule: str) -> None:
    [finding] = running.findings(put(good(), called, path, value))
    assert (finding.rule, finding.object) == (rule, called)
