"""Quantities as Kubernetes writes them: `250m`, `512Mi`, `1e3`.

Source: k8s.io/apimachinery, package api/resource, grammar of Quantity.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import (
    Object,
    called,
    containers,
    items,
    mapping,
    of_kind,
    workloads,
)

RULE = "quantity"
_FORM = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))"
    r"(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?\d{1,2}))?",
    re.ASCII,
)
_SCALES = {
    **{f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
    **{letter: Fraction(1000) ** power for power, letter in enumerate("kMGTPE", 1)},
    **{letter: Fraction(1, 1000**power) for power, letter in enumerate("mun", 1)},
}


def quantity(value: Any) -> Fraction:
    """Return a quantity as an exact number: CPUs, bytes.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{value!r} is no quantity")  # noqa: TRY004
    match = _FORM.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no quantity such as 250m or 512Mi")
    number = Fraction(match["number"])
    if match["exponent"] is not None:
        return number * Fraction(10) ** int(match["exponent"])
    return number * _SCALES.get(match["suffix"] or "", Fraction(1))


def findings(objects: list[Object]) -> list[Finding]:
    """Find what should be a quantity and is none, and requests above their limit."""
    found = []
    for thing, path, value in _quantities(objects):
        try:
            if quantity(value) < 0:
                found.append(Finding(RULE, called(thing), path, f"{value!r} is negative"))
        except ValueError as error:
            found.append(Finding(RULE, called(thing), path, str(error)))
    return found + [finding for thing in _above(objects) for finding in thing]


def _quantities(objects: list[Object]) -> Iterator[tuple[Object, str, Any]]:
    for workload in workloads(objects):
        for container in containers(workload):
            for side in ("requests", "limits"):
                for key, value in mapping(container.body, "resources", side).items():
                    yield workload.object, f"{container.path}.resources.{side}.{key}", value
        for index, volume in enumerate(items(workload.spec, "volumes")):
            if "sizeLimit" in mapping(volume, "emptyDir"):
                path = workload.at(f"volumes[{index}].emptyDir.sizeLimit")
                yield workload.object, path, volume["emptyDir"]["sizeLimit"]
    for thing in of_kind(objects, "StatefulSet"):
        for index, claim in enumerate(items(thing, "spec", "volumeClaimTemplates")):
            for key, value in mapping(claim, "spec", "resources", "requests").items():
                path = f"spec.volumeClaimTemplates[{index}].spec.resources.requests.{key}"
                yield thing, path, value
    for thing in of_kind(objects, "PersistentVolumeClaim"):
        for key, value in mapping(thing, "spec", "resources", "requests").items():
            yield thing, f"spec.resources.requests.{key}", value


def _above(objects: list[Object]) -> Iterator[list[Finding]]:
    for workload in workloads(objects):
        for container in containers(workload):
            limits = mapping(container.body, "resources", "limits")
            for key, asked in mapping(container.body, "resources", "requests").items():
                if _exceeds(asked, limits.get(key)):
                    path = f"{container.path}.resources.requests.{key}"
                    problem = f"{asked} is more than its limit {limits[key]}"
                    yield [Finding(RULE, called(workload.object), path, problem)]


def _exceeds(asked: Any, limit: Any) -> bool:
    try:
        return limit is not None and quantity(asked) > quantity(limit)
    except ValueError:
        return False
