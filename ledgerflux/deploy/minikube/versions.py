"""Versions of programs: read, compared, judged."""

import re

from ledgerflux.deploy.minikube.wish import KUBERNETES_VERSION

MINIKUBE_MIN = (1, 38)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")

Version = tuple[int, int]


def parse_version(text: str) -> Version | None:
    """Return major and minor of `v1.38.1`, None where `text` is no version."""
    match = _VERSION.match(text)
    return None if match is None else (int(match[1]), int(match[2]))


def minikube_problem(text: str) -> str | None:
    """Return why minikube `text` can't be used, None where it can."""
    version = parse_version(text)
    if version is None:
        return f"its version {text!r} can't be read"
    if version < MINIKUBE_MIN:
        return f"{text} is older than {'.'.join(map(str, MINIKUBE_MIN))}"
    return None


def kubectl_problem(text: str, cluster: str = KUBERNETES_VERSION) -> str | None:
    """Return why kubectl `text` does not go with a cluster, None where it does.

    Kubernetes promises one minor version of difference in either direction.
    """
    client, server = parse_version(text), parse_version(cluster)
    if client is None or server is None:
        return f"its version {text!r} can't be read"
    if client[0] != server[0] or abs(client[1] - server[1]) > 1:
        return f"{text} is more than one minor version away from the cluster's {cluster}"
    return None
