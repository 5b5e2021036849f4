"""Parsed Kubernetes objects for tests: a small set that is right, and ways to break it."""

import copy
from typing import Any

Object = dict[str, Any]
GONE = object()
"""In place of a value: the field is taken out."""

_SAFE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
_HTTP = {"httpGet": {"path": "/health", "port": "http"}}
_RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"cpu": "1", "memory": "512Mi"},
}


def container(name: str, **more: Any) -> Object:
    """Return a container that is right."""
    own: Object = {
        "name": name,
        "image": "ledgerflux:dev-0123456789ab",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 9100}],
        "livenessProbe": _HTTP,
        "resources": _RESOURCES,
        "securityContext": _SAFE,
    }
    return copy.deepcopy(own | more)


def workload(kind: str, name: str, body: Object, spec: Object, pod: Object | None = None) -> Object:
    """Return an object that makes pods with the one container `body`."""
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "role"}
    template: Object = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [body],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "ledgerflux", "labels": dict(labels)},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": labels}, "spec": template | (pod or {})},
            **spec,
        },
    }


def plain(version: str, kind: str, name: str, **more: Any) -> Object:
    """Return an object without pods."""
    head = {"apiVersion": version, "kind": kind}
    return head | {"metadata": {"name": name, "namespace": "ledgerflux"}} | more


def service(name: str, port: int, *, headless: bool = True) -> Object:
    """Return a Service in front of the pods named as it is."""
    spec: Object = {
        "selector": {"app.kubernetes.io/name": name},
        "ports": [{"name": "http", "port": port, "targetPort": "http"}],
    }
    return plain("v1", "Service", name, spec=spec | ({"clusterIP": "None"} if headless else {}))


def disruptions(name: str) -> Object:
    """Return a budget that lets one pod of `name` be taken."""
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    spec = {"maxUnavailable": 1, "selector": selector}
    return plain("policy/v1", "PodDisruptionBudget", name, spec=spec)


def good() -> list[Object]:
    """Return objects that break no rule: NATS, Postgres, normalizers and gateways."""
    return [
        _namespace(),
        *(plain("v1", "ServiceAccount", name) for name in ("nats", "postgres", "normalize")),
        plain("v1", "ServiceAccount", "gateway"),
        plain("v1", "ConfigMap", "env", data={"LF_SOURCE": "synthetic"}),
        plain("v1", "ConfigMap", "nats", data={"nats.conf": 'store_dir: "/data/jetstream"\n'}),
        _nats(),
        service("nats", 8222),
        disruptions("nats"),
        _postgres(),
        service("postgres", 5432),
        _normalize(),
        service("normalize", 9100),
        disruptions("normalize"),
        _gateway(),
        service("gateway", 8000, headless=False),
        disruptions("gateway"),
        _scaler(),
    ]


def find(objects: list[Object], called: str) -> Object:
    """Return the object that is called so: `Service/nats`."""
    kind, name = called.split("/")
    found = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name]
    assert found, f"there is no {called}"
    return found[0]


def put(objects: list[Object], called: str, path: str, value: Any) -> list[Object]:
    """Return `objects` with one field changed: `a.b.0.c`, `-` for a new item, GONE to take out."""
    changed = copy.deepcopy(objects)
    place: Any = find(changed, called)
    *way, last = path.split(".")
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    if last == "-":
        place.append(value)
    elif value is GONE:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return changed


def without(objects: list[Object], called: str) -> list[Object]:
    """Return `objects` without one."""
    gone = find(objects, called)
    return [one for one in objects if one is not gone]


def _namespace() -> Object:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": "ledgerflux", "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _claim() -> Object:
    asked = {"requests": {"storage": "10Gi"}}
    return {"metadata": {"name": "data"}, "spec": {"resources": asked}}


def _nats() -> Object:
    password = {"secretKeyRef": {"name": "nats", "key": "password"}}
    body = container(
        "nats",
        image="nats:2.15.0-alpine",
        ports=[{"name": "http", "containerPort": 8222}, {"name": "client", "containerPort": 4222}],
        env=[{"name": "NATS_PASSWORD", "valueFrom": password}],
        volumeMounts=[
            {"name": "data", "mountPath": "/data"},
            {"name": "config", "mountPath": "/etc/nats"},
        ],
    )
    spec = {"serviceName": "nats", "replicas": 1, "volumeClaimTemplates": [_claim()]}
    volumes = [{"name": "config", "configMap": {"name": "nats"}}]
    return workload("StatefulSet", "nats", body, spec, {"volumes": volumes})


def _postgres() -> Object:
    body = container(
        "postgres",
        image="postgres:18.6-bookworm",
        ports=[{"name": "http", "containerPort": 5432}],
        volumeMounts=[{"name": "data", "mountPath": "/var/lib/postgresql"}],
    )
    spec = {"serviceName": "postgres", "replicas": 1, "volumeClaimTemplates": [_claim()]}
    return workload("StatefulSet", "postgres", body, spec)


def _normalize() -> Object:
    index = {"fieldRef": {"fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}
    body = container(
        "normalize",
        envFrom=[{"configMapRef": {"name": "env"}}],
        env=[{"name": "LF_SHARD", "valueFrom": index}, {"name": "LF_SHARDS", "value": "4"}],
        volumeMounts=[{"name": "secrets", "mountPath": "/run/secrets"}],
    )
    secret = {"name": "nats", "items": [{"key": "password", "path": "nats_password"}]}
    volumes = [{"name": "secrets", "projected": {"sources": [{"secret": secret}]}}]
    spec = {"serviceName": "normalize", "replicas": 4, "podManagementPolicy": "Parallel"}
    return workload("StatefulSet", "normalize", body, spec, {"volumes": volumes})


def _gateway() -> Object:
    body = container(
        "gateway",
        ports=[{"name": "http", "containerPort": 8000}],
        lifecycle={"preStop": {"sleep": {"seconds": 5}}},
    )
    labels = {"matchLabels": {"app.kubernetes.io/name": "gateway"}}
    spread = {"whenUnsatisfiable": "ScheduleAnyway", "labelSelector": labels}
    made = workload("Deployment", "gateway", body, {}, {"topologySpreadConstraints": [spread]})
    made["spec"]["strategy"] = {"type": "RollingUpdate"}
    return made


def _scaler() -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gateway"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    return plain("autoscaling/v2", "HorizontalPodAutoscaler", "gateway", spec=spec)
