"""The secrets of a deployment: made once, kept for as long as the data is."""

import base64
from typing import Any, NamedTuple

from ledgerflux.deploy.minikube.wish import NAMESPACE


class Wanted(NamedTuple):
    """A secret that must exist: its name, the key of its password, and what else it says."""

    name: str
    key: str
    more: tuple[tuple[str, str], ...] = ()


WANTED = (
    Wanted("nats", "password"),
    Wanted("postgres", "password"),
    Wanted("grafana", "admin-password", (("admin-user", "admin"),)),
)


def secret(wanted: Wanted, password: str) -> dict[str, Any]:
    """Return the object of a secret."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": wanted.name,
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "ledgerflux"},
        },
        "type": "Opaque",
        "stringData": {wanted.key: password, **dict(wanted.more)},
    }


def value_of(found: dict[str, Any], key: str) -> str | None:
    """Return what a secret that was read says under `key`, None where it has no such key."""
    coded = (found.get("data") or {}).get(key)
    return None if coded is None else base64.b64decode(coded).decode()
