"""Makes the secrets of a deployment where they are not, and keeps those that are."""

from collections.abc import Callable

from ledgerflux.deploy.minikube.changes import name_of
from ledgerflux.deploy.minikube.kubectl import Kubectl
from ledgerflux.deploy.minikube.passwords import WANTED, secret, value_of
from ledgerflux.deploy.password import new_password
from ledgerflux.errors import NotRunning

GRAFANA = "grafana"


def ensure(
    kubectl: Kubectl, grafana_password: str | None, tell: Callable[[str], None]
) -> list[str]:
    """Make the secrets that are missing; return `secret/name` of those made or replaced.

    Only Grafana's is ever replaced, by a password that was asked for.
    """
    there = {one["metadata"]["name"]: one for one in kubectl.get("secrets")}
    objects = []
    for wanted in WANTED:
        asked = grafana_password if wanted.name == GRAFANA else None
        known = value_of(there.get(wanted.name, {}), wanted.key)
        if known is not None and asked in (None, known):
            continue
        objects.append(secret(wanted, asked or new_password()))
        tell(f"secret {wanted.name}: {'made' if known is None else 'replaced'}")
    if objects:
        kubectl.apply(objects)
    return [name_of(one) for one in objects]


def grafana_login(kubectl: Kubectl) -> tuple[str, str]:
    """Return user and password of Grafana.

    Raises:
        NotRunning: There is no such secret: Grafana does not run there.
    """
    for found in kubectl.get("secret", GRAFANA):
        user, password = value_of(found, "admin-user"), value_of(found, "admin-password")
        if user is not None and password is not None:
            return user, password
    raise NotRunning("there is no Grafana in the cluster", try_next=["lf up --target minikube"])
