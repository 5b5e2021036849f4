"""Refuses to apply what the checks of the manifests find wrong."""

from collections.abc import Sequence
from typing import Any

from ledgerflux.deploy.manifests import NODE_2_4, NODE_4_8, check
from ledgerflux.errors import StackError

BUDGETS = {"minikube": NODE_4_8, "minikube-small": NODE_2_4}
"""What the node of a profile can give."""


def require_sound(objects: Sequence[dict[str, Any]], profile: str) -> None:
    """Go on only with objects that pass all checks and fit the node.

    Raises:
        StackError: They don't, with each finding (`bad_manifests`).
    """
    found = check(list(objects), BUDGETS[profile])
    if found:
        told = "".join(f"\n    {one}" for one in found)
        raise StackError(
            f"the manifests of {profile} are not applied:{told}",
            code="bad_manifests",
            try_next=["lf render --target minikube"],
        )
