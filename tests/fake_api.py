"""A Kubernetes API server of lies: real kubectl talks to it, nothing runs behind it.

It keeps what is applied (server-side, with field managers), and a controller that a test
scripts gives workloads their status, pods and events. `ApiServer.script` says what goes wrong.
"""

import base64
import json
import re
import threading
import time
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

GROUPS = {
    "v1": {
        "namespaces": ("Namespace", False, ["ns"]),
        "configmaps": ("ConfigMap", True, ["cm"]),
        "secrets": ("Secret", True, []),
        "services": ("Service", True, ["svc"]),
        "serviceaccounts": ("ServiceAccount", True, ["sa"]),
        "pods": ("Pod", True, ["po"]),
        "events": ("Event", True, ["ev"]),
        "persistentvolumeclaims": ("PersistentVolumeClaim", True, ["pvc"]),
        "resourcequotas": ("ResourceQuota", True, ["quota"]),
    },
    "apps/v1": {
        "statefulsets": ("StatefulSet", True, ["sts"]),
        "deployments": ("Deployment", True, ["deploy"]),
    },
    "policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", True, ["pdb"])},
    "networking.k8s.io/v1": {"networkpolicies": ("NetworkPolicy", True, ["netpol"])},
    "autoscaling/v2": {"horizontalpodautoscalers": ("HorizontalPodAutoscaler", True, ["hpa"])},
    "rbac.authorization.k8s.io/v1": {
        "roles": ("Role", True, []),
        "rolebindings": ("RoleBinding", True, []),
    },
}
KINDS = {
    plural: (version, *rest) for version, found in GROUPS.items() for plural, rest in found.items()
}
PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)
SELECTOR = re.compile(r"([^\s,=]+)(?:==?([^\s,]+)| in \(([^)]*)\))")
MUTATING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass
class Script:
    """What goes wrong; everything works as long as nothing is set.

    `pods` gives, by workload, what its pods' status says instead of ready; `events` are told of
    workloads; `refuse` answers a request of (method, plural) with (status, reason, message);
    `lose` hangs up on so many requests that change something; `slow_s` delays each answer to them;
    `conflicts` are (plural/name, manager, field) that another manager holds.
    """

    pods: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    refuse: dict = field(default_factory=dict)
    lose: int = 0
    slow_s: float = 0.0
    conflicts: dict = field(default_factory=dict)
    logs: dict = field(default_factory=dict)
    rollout: dict = field(default_factory=dict)


class ApiServer:
    """Objects by (plural, namespace, name), what was asked, and a script."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict] = {}
        self.requests: list[tuple[str, str]] = []
        self.script = Script()
        self.lock = threading.RLock()
        self.version = 100
        self.port = 0

    def changes(self):
        """Return the requests so far that could change something."""
        return [one for one in self.requests if one[0] in MUTATING]

    def names(self, plural):
        return sorted(name for found, _, name in self.objects if found == plural)

    def kubeconfig(self, file: Path, context="ledgerflux"):
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "somewhere-else",
                    "clusters": [
                        {"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
                    ],
                    "users": [{"name": "u", "user": {}}],
                    "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
                }
            )
        )
        return file

    # What the controllers of a cluster would do.

    def settle(self):
        """Give every workload its status and pods, as the script wants them."""
        with self.lock:
            for (plural, namespace, name), one in list(self.objects.items()):
                if plural in ("statefulsets", "deployments"):
                    self._settle(namespace, name, one)

    def _settle(self, namespace, name, one):
        wanted = one["spec"].get("replicas", 1)
        trouble = self.script.pods.get(name)
        refused = any(event["name"] == name for event in self.script.events)
        ready = 0 if trouble or refused else wanted
        revision = f"{name}-{one['metadata']['generation']}"
        one["status"] = {
            "observedGeneration": one["metadata"]["generation"],
            "replicas": wanted,
            "readyReplicas": ready,
            "updatedReplicas": wanted,
            "availableReplicas": ready,
            "currentRevision": revision,
            "updateRevision": revision,
            **self.script.rollout.get(name, {}),
        }
        self._pods(namespace, name, one, wanted, trouble, refused)

    def _pods(self, namespace, name, one, wanted, trouble, refused):
        for key in [
            key for key in self.objects if key[0] == "pods" and key[2].startswith(f"{name}-")
        ]:
            del self.objects[key]
        for number in range(0 if refused else wanted):
            self.objects["pods", namespace, f"{name}-{number}"] = self._pod(
                namespace, f"{name}-{number}", one, trouble
            )

    def _pod(self, namespace, name, one, trouble):
        template = deepcopy(one["spec"]["template"])
        status = trouble or {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "c", "ready": True, "state": {"running": {}}}],
        }
        labels = {
            **template["metadata"].get("labels", {}),
            "controller-revision-hash": status.get("revision", "new"),
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels, "uid": name},
            "spec": template["spec"],
            "status": status,
        }

    def tell_events(self):
        """Return the events of the script as objects."""
        return [
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"e{number}", "namespace": "ledgerflux"},
                "involvedObject": {"kind": "StatefulSet", "name": event["name"]},
                "reason": event["reason"],
                "message": event["message"],
            }
            for number, event in enumerate(self.script.events)
        ]

    # What the API server does.

    def apply(self, plural, namespace, name, wanted, manager, *, force):
        """Merge `wanted` as server-side apply does, coarsely: what is the same stays untouched."""
        with self.lock:
            held = self.script.conflicts.get(f"{plural}/{name}")
            if held and held[0] != manager and not force:
                return None, held
            key = (plural, namespace, name)
            before = self.objects.get(key)
            made = _stored(wanted)
            if before is not None and _ours(before) == _ours(made):
                return before, None
            self.version += 1
            old = (before or {}).get("metadata", {})
            made["metadata"].update(
                resourceVersion=str(self.version),
                uid=old.get("uid", f"uid-{plural}-{name}"),
                generation=old.get("generation", 0) + 1,
                managedFields=[{"manager": manager, "operation": "Apply"}],
                creationTimestamp="2026-01-01T00:00:00Z",
            )
            self.objects[key] = made
        self.settle()
        return self.objects[key], None


def _stored(wanted):
    """Return an object as it is kept: `stringData` has become `data`."""
    made = deepcopy(wanted)
    if texts := made.pop("stringData", None):
        made["data"] = {
            **made.get("data", {}),
            **{key: base64.b64encode(text.encode()).decode() for key, text in texts.items()},
        }
    return made


def _ours(one):
    kept = {key: value for key, value in one.items() if key != "status"}
    own = ("resourceVersion", "uid", "generation", "managedFields", "creationTimestamp")
    kept["metadata"] = {key: value for key, value in one["metadata"].items() if key not in own}
    return kept


class Handler(BaseHTTPRequestHandler):
    """One connection of kubectl's."""

    protocol_version = "HTTP/1.1"
    api: ApiServer

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self._take(b"")

    def do_PATCH(self):
        self._take(self._body())

    do_POST = do_DELETE = do_PUT = do_PATCH  # noqa: N815 - the names of the library

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _take(self, body):
        parts = urlsplit(self.path)
        self.api.requests.append((self.command, parts.path))
        if self.command in MUTATING and not self._lives():
            return
        if (found := self._discovery(parts.path)) is not None:
            self._answer(200, found)
            return
        match = PATH.match(parts.path)
        if match is None or match["plural"] not in KINDS:
            self._status(404, "NotFound", f"the server could not find {parts.path}")
            return
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self._resource(match, query, body)

    def _lives(self):
        """Do what the script says of the connection; say whether it is still there."""
        time.sleep(self.api.script.slow_s)
        if self.api.script.lose > 0:
            self.api.script.lose -= 1
            self.close_connection = True
            self.connection.close()
            return False
        return True

    def _discovery(self, path):
        if path == "/version":
            return {"major": "1", "minor": "36", "gitVersion": "v1.36.2"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = [version.split("/") for version in GROUPS if "/" in version]
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [
                    {
                        "name": group,
                        "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                        "preferredVersion": {
                            "groupVersion": f"{group}/{version}",
                            "version": version,
                        },
                    }
                    for group, version in groups
                ],
            }
        if path.startswith("/openapi/v3"):
            return _openapi(path.removeprefix("/openapi/v3").removeprefix("/"))
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if version in GROUPS:
            return {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": version,
                "resources": [
                    {
                        "name": plural,
                        "singularName": kind.lower(),
                        "kind": kind,
                        "namespaced": namespaced,
                        "shortNames": short,
                        "verbs": [
                            "get",
                            "list",
                            "watch",
                            "create",
                            "patch",
                            "delete",
                            "deletecollection",
                        ],
                    }
                    for plural, (kind, namespaced, short) in GROUPS[version].items()
                ],
            }
        return None

    def _resource(self, match, query, body):
        plural, namespace, name = match["plural"], match["namespace"] or "", match["name"]
        if refused := self.api.script.refuse.get((self.command, plural)):
            self._status(*refused)
        elif match["sub"] == "log":
            self._log(name, query)
        elif query.get("watch"):
            self._watch(plural, namespace, query)
        elif self.command == "GET":
            self._get(plural, namespace, name, query)
        elif self.command == "DELETE":
            self._delete(plural, namespace, name, query)
        else:
            self._apply(plural, namespace, name, query, body)

    def _get(self, plural, namespace, name, query):
        self.api.settle()
        with self.api.lock:
            if name is None:
                self._answer(200, self._list(plural, namespace, query))
            elif (plural, namespace, name) in self.api.objects:
                self._answer(200, self.api.objects[plural, namespace, name])
            else:
                self._status(404, "NotFound", f'{plural} "{name}" not found')

    def _list(self, plural, namespace, query):
        version, kind = KINDS[plural][:2]
        if plural == "events":
            found = self.api.tell_events()
        else:
            found = [
                one
                for (some, where, _), one in sorted(self.api.objects.items())
                if some == plural and namespace in ("", where) and _matches(one, query)
            ]
        return {
            "apiVersion": version,
            "kind": f"{kind}List",
            "metadata": {"resourceVersion": str(self.api.version)},
            "items": found,
        }

    def _watch(self, plural, namespace, query):
        """Answer kubectl's wait for a deletion: what is not there has been deleted."""
        if query.get("sendInitialEvents"):
            self._status(422, "Invalid", "sendInitialEvents is not known here")
            return
        self._answer(200, self._list(plural, namespace, query))

    def _delete(self, plural, namespace, name, query):
        with self.api.lock:
            gone = [
                key
                for key, one in self.api.objects.items()
                if key[0] == plural
                and key[1] in (namespace, "")
                and name in (None, key[2])
                and _matches(one, query)
            ]
            for key in gone:
                del self.api.objects[key]
                self._orphans(key)
        if name is not None and not gone:
            self._status(404, "NotFound", f'{plural} "{name}" not found')
        else:
            self._answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _orphans(self, key):
        """Delete what goes with an object: a workload's pods, all of a namespace."""
        plural, namespace, name = key
        for other in list(self.api.objects):
            of_workload = (
                other[0] == "pods" and other[1] == namespace and other[2].startswith(f"{name}-")
            )
            if of_workload or (plural == "namespaces" and other[1] == name):
                del self.api.objects[other]

    def _apply(self, plural, namespace, name, query, body):
        wanted = yaml.safe_load(body)
        manager = query.get("fieldManager", "unknown")
        name = name or wanted["metadata"]["name"]
        force = query.get("force") == "true"
        made, held = self.api.apply(plural, namespace, name, wanted, manager, force=force)
        if held is None:
            self._answer(200, made)
            return
        message = (
            f'Apply failed with 1 conflict: conflict with "{held[0]}" using apps/v1: {held[1]}'
        )
        details = {"causes": [{"reason": "FieldManagerConflict", "field": held[1],
                               "message": f'conflict with "{held[0]}" using apps/v1'}]}  # fmt: skip
        self._status(409, "Conflict", message, details)

    def _log(self, pod, query):
        lines = self.api.script.logs.get(pod)
        if lines is None:
            self._status(400, "BadRequest", f"{pod} has no logs")
            return
        count = int(query.get("tailLines", len(lines)))
        self._send(200, "text/plain", "".join(f"{line}\n" for line in lines[-count:]).encode())

    def _status(self, code, reason, message, details=None):
        document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        self._answer(
            code, {**document, "reason": reason, "message": message, "details": details or {}}
        )

    def _answer(self, code, document):
        self._send(code, "application/json", json.dumps(document).encode())

    def _send(self, code, kind, body):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _openapi(path):
    """Return as much of OpenAPI as tells kubectl that the server checks fields itself."""
    places = {("apis/" if "/" in version else "api/") + version: version for version in GROUPS}
    if not path:
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in places}}
    group, _, version = places[path].rpartition("/")
    return {
        "openapi": "3.0.0",
        "info": {"title": "fake", "version": "v1"},
        "paths": {
            f"/{path}/{plural}/{{name}}": {
                "patch": {
                    "parameters": [{"name": "fieldValidation", "in": "query"}],
                    "responses": {},
                    "x-kubernetes-group-version-kind": {
                        "group": group,
                        "version": version,
                        "kind": kind,
                    },
                }
            }
            for plural, (kind, _, _) in GROUPS[places[path]].items()
        },
    }


def _matches(one, query):
    labels = one["metadata"].get("labels") or {}
    for key, value, values in SELECTOR.findall(query.get("labelSelector", "")):
        if labels.get(key) not in (value or values).split(","):
            return False
    if names := query.get("fieldSelector", ""):
        return f"metadata.name={one['metadata']['name']}" in names
    return True


@contextmanager
def serving():
    """Serve on a free port of this machine; nothing of it stays."""
    api = ApiServer()
    handler = type("ServerHandler", (Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
