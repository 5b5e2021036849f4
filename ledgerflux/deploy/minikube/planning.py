"""The plan of `lf up --target minikube`: from what was asked and what was seen."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.deploy.minikube.commands import (
    apply_argv,
    build_argv,
    forward_argv,
    images_argv,
    rollout_argv,
    start_argv,
)
from ledgerflux.deploy.minikube.profiles import Profile
from ledgerflux.deploy.minikube.waves import Wave
from ledgerflux.deploy.minikube.wish import IMAGE, Wish
from ledgerflux.deploy.plan import Plan, Step


class Forward(NamedTuple):
    """A service of the cluster that gets a port on this machine."""

    service: str
    local: int
    remote: int


class Seen(NamedTuple):
    """What there is.

    Attributes:
        profile: Our profile in minikube; None where there is none.
        running: Whether its cluster runs.
        tag: Of the image that this tree makes.
        has_image: Whether the cluster has it.
        root: The build context.
    """

    profile: Profile | None
    running: bool
    tag: str
    has_image: bool
    root: str


def plan_of(
    wish: Wish,
    seen: Seen,
    waves: Sequence[Wave],
    forwards: Sequence[Forward],
    rendered: str,
    timeout_s: float,
) -> Plan:
    """Return the eight steps; `rendered` is the file with all objects."""
    context = wish.kube_context
    applied = ", then ".join(f"{wave.name} ({len(wave.objects)})" for wave in waves)
    waits = tuple(
        rollout_argv(context, name, timeout_s) for wave in waves for name in wave.workloads
    )
    forwarded = tuple(forward_argv(context, *forward) for forward in forwards)
    steps = (
        Step("preflight", "see that this machine has what is needed", _PREFLIGHT),
        cluster_step(wish, seen),
        image_step(wish, seen),
        Step("render", f"the overlay {wish.profile} with the image {IMAGE}:{seen.tag}",
             (("kubectl", "kustomize", f"k8s/overlays/{wish.profile}"),)),
        Step("apply", f"objects in waves: {applied}", (apply_argv(context, rendered),)),
        Step("wait", f"for each wave, {timeout_s:.0f} s at most", waits),
        Step("reach", "forward ports to this machine, for as long as the stack is up", forwarded),
        Step("prove", "as a client: one snapshot and ten increments, p95, durability"),
    )  # fmt: skip
    return Plan("minikube", steps, rendered)


_PREFLIGHT = (
    ("minikube", "version", "-o", "json"),
    ("kubectl", "version", "--client", "-o", "json"),
    ("docker", "info", "--format", "{{json .}}"),
)


def cluster_step(wish: Wish, seen: Seen) -> Step:
    """Return the step that makes or starts the cluster."""
    what = "make the cluster" if seen.profile is None else "start the cluster"
    return Step("cluster", what, (start_argv(wish),), _why_no_start(wish, seen))


def _why_no_start(wish: Wish, seen: Seen) -> str:
    if not wish.ours:
        return f"{wish.kube_context} is somebody else's cluster"
    return "it runs" if seen.profile is not None and seen.running else ""


def image_step(wish: Wish, seen: Seen) -> Step:
    """Return the step that builds the image in the cluster."""
    name = f"{IMAGE}:{seen.tag}"
    why = ""
    if not wish.ours:
        why = f"{wish.kube_context} must have {name} or get it from where it gets its images"
    elif seen.has_image:
        why = "it is there"
    what = f"build {name} in the cluster and see that it is there"
    return Step("image", what, (build_argv(name, seen.root), images_argv()), why)
