"""What an apply changed: objects before and after, compared without what the cluster keeps."""

from collections.abc import Iterable
from typing import Any

_CLUSTERS_OWN = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)


def changed(before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> list[str]:
    """Return `kind/name` of objects that are new or have other fields than before."""
    known = {name_of(one): _ours(one) for one in before}
    return [name_of(one) for one in after if known.get(name_of(one)) != _ours(one)]


def name_of(one: dict[str, Any]) -> str:
    """Return `kind/name`, the kind in lower case."""
    return f"{one['kind'].lower()}/{one['metadata']['name']}"


def _ours(one: dict[str, Any]) -> dict[str, Any]:
    """Return an object without status and without what the API server writes into it."""
    kept = {key: value for key, value in one.items() if key != "status"}
    kept["metadata"] = {
        key: value for key, value in one["metadata"].items() if key not in _CLUSTERS_OWN
    }
    return kept
