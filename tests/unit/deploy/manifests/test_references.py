from typing import Any

import pytest
from manifests import GONE, good, put, without

from ledgerflux.deploy.manifests import references

BODY = "spec.template.spec.containers.0"
VOLUMES = "spec.template.spec.volumes"
SECRET = f"{VOLUMES}.0.projected.sources.0.secret"
FROM_CONFIG = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "env", "key": "LF_NONE"}}}


def test_good_objects_pass() -> None:
    assert references.findings(good()) == []


@pytest.mark.parametrize(
    ("called", "path", "value"),
    [
        ("StatefulSet/normalize", f"{BODY}.envFrom.0.configMapRef.name", "other"),
        ("StatefulSet/normalize", f"{BODY}.envFrom.0", {"secretRef": {"name": "other"}}),
        ("StatefulSet/normalize", f"{BODY}.env.-", FROM_CONFIG),
        ("StatefulSet/nats", f"{BODY}.env.0.valueFrom.secretKeyRef.name", "other"),
        ("StatefulSet/nats", f"{BODY}.env.0.valueFrom.secretKeyRef.key", "pass"),
        ("StatefulSet/nats", f"{VOLUMES}.0.configMap.name", "other"),
        ("StatefulSet/normalize", f"{SECRET}.name", "other"),
        ("StatefulSet/normalize", f"{SECRET}.items.0.key", "pass"),
        ("StatefulSet/normalize", f"{VOLUMES}.-", {"name": "s", "secret": {"secretName": "other"}}),
        ("StatefulSet/normalize", "spec.template.spec.serviceAccountName", "other"),
        ("StatefulSet/normalize", f"{BODY}.volumeMounts.0.name", "other"),
        ("StatefulSet/nats", f"{BODY}.volumeMounts.1.mountPath", "/data"),
        ("StatefulSet/normalize", "spec.serviceName", "other"),
        ("StatefulSet/normalize", "spec.serviceName", GONE),
        ("StatefulSet/normalize", "spec.serviceName", "gateway"),
    ],
)
def test_a_name_of_nothing_is_found(called: str, path: str, value: Any) -> None:
    [finding] = references.findings(put(good(), called, path, value))
    assert (finding.rule, finding.object) == ("reference", called)


def test_a_config_that_is_gone_is_missed() -> None:
    [finding] = references.findings(without(good(), "ConfigMap/env"))
    assert finding.problem == "there is no ConfigMap env"


def test_secrets_that_lf_makes_need_no_file() -> None:
    assert set(references.MADE_SECRETS) == {"nats", "postgres", "grafana"}
