"""A Kubernetes API server of lies: real kubectl talks to it, nothing runs behind it.

It keeps what is applied (server-side, with field managers), and a controller that a test
scripts gives workloads their status, pods and events. `ApiServer.script` says what goes wrong.
"""

import base64
import json
import threading
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from fake_api_http import MUTATING, Handler


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
