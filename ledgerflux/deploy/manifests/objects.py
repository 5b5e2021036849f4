"""Ways through parsed objects; none of them minds a field that is absent or of another type."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Object = dict[str, Any]
POD_KINDS = ("Pod",)
TEMPLATE_KINDS = ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet")


class Workload(NamedTuple):
    """An object that makes pods.

    Attributes:
        object: The object.
        path: Where its pods are described; empty in a Pod.
        labels: Labels of its pods.
        spec: The specification of its pods.
    """

    object: Object
    path: str
    labels: dict[str, Any]
    spec: Object

    def at(self, field: str) -> str:
        """Return the path of a field of the pods' specification."""
        return f"{self.path}.spec.{field}" if self.path else f"spec.{field}"


class Container(NamedTuple):
    """A container, and its path in the object."""

    path: str
    body: Object

    @property
    def name(self) -> str:
        """Return its name, `?` where it has none."""
        return str(self.body.get("name", "?"))


def dig(value: Any, *keys: str) -> Any:
    """Return what lies below `keys`; None where the way ends before."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """Return the mapping below `keys`; an empty one where there is none."""
    found = dig(value, *keys)
    return found if isinstance(found, dict) else {}


def items(value: Any, *keys: str) -> list[Object]:
    """Return the mappings of the list below `keys`; an empty list where there is none."""
    found = dig(value, *keys)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def name_of(thing: Object) -> str:
    """Return `metadata.name`, `?` where there is none."""
    return str(dig(thing, "metadata", "name") or "?")


def called(thing: Object) -> str:
    """Return kind and name: `Service/nats`."""
    return f"{thing.get('kind', '?')}/{name_of(thing)}"


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """Return the objects of these kinds."""
    return [thing for thing in objects if thing.get("kind") in kinds]


def workloads(objects: Iterable[Object]) -> Iterator[Workload]:
    """Give everything that makes pods."""
    for thing in objects:
        kind = thing.get("kind")
        if kind in POD_KINDS:
            yield Workload(thing, "", mapping(thing, "metadata", "labels"), mapping(thing, "spec"))
        elif kind in TEMPLATE_KINDS:
            yield _templated(thing, "spec.template")
        elif kind == "CronJob":
            yield _templated(thing, "spec.jobTemplate.spec.template")


def _templated(thing: Object, path: str) -> Workload:
    template = mapping(thing, *path.split("."))
    labels = mapping(template, "metadata", "labels")
    return Workload(thing, path, labels, mapping(template, "spec"))


def containers(workload: Workload) -> Iterator[Container]:
    """Give the containers of a workload's pods, those of the start and those of a debugger too."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, body in enumerate(items(workload.spec, field)):
            yield Container(workload.at(f"{field}[{index}]"), body)


def selects(selector: dict[str, Any], labels: dict[str, Any]) -> bool:
    """Say whether a LabelSelector (`matchLabels`, `matchExpressions`) matches `labels`."""
    equal = all(labels.get(key) == value for key, value in mapping(selector, "matchLabels").items())
    return equal and all(_holds(term, labels) for term in items(selector, "matchExpressions"))


def _holds(term: Object, labels: dict[str, Any]) -> bool:
    key, values = str(term.get("key")), term.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(str(term.get("operator")), False)
