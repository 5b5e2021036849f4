"""The fake API server's HTTP: what kubectl asks, and how it is answered."""

import json
import re
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import yaml
from fake_discovery import KINDS, discovery

PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)
SELECTOR = re.compile(r"([^\s,=]+)(?:==?([^\s,]+)| in \(([^)]*)\))")
MUTATING = ("POST", "PUT", "PATCH", "DELETE")


class Handler(BaseHTTPRequestHandler):
    """One connection of kubectl's."""

    protocol_version = "HTTP/1.1"

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
        if (found := discovery(parts.path)) is not None:
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


def _matches(one, query):
    labels = one["metadata"].get("labels") or {}
    for key, value, values in SELECTOR.findall(query.get("labelSelector", "")):
        if labels.get(key) not in (value or values).split(","):
            return False
    if names := query.get("fieldSelector", ""):
        return f"metadata.name={one['metadata']['name']}" in names
    return True
