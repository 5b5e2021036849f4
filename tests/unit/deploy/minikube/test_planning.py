"""The plan follows from what was asked and what is there."""

import pytest

from ledgerflux.deploy.minikube.planning import Forward, Seen, cluster_step, image_step, plan_of
from ledgerflux.deploy.minikube.profiles import Profile
from ledgerflux.deploy.minikube.waves import Wave
from ledgerflux.deploy.minikube.wish import Wish

PROFILE = Profile(4, 8192, "containerd", "", "docker")
NOTHING = Seen(None, running=False, tag="dev-1", has_image=False, root="/tree")
OTHERS = Wish(kube_context="mine", yes=True)


@pytest.mark.parametrize(
    ("wish", "seen", "what", "skipped"),
    [
        (Wish(), NOTHING, "make", ""),
        (Wish(), NOTHING._replace(profile=PROFILE), "start", ""),
        (Wish(), NOTHING._replace(profile=PROFILE, running=True), "start", "it runs"),
        (OTHERS, NOTHING, "make", "mine is somebody else's cluster"),
    ],
)
def test_the_cluster_is_made_started_or_left(wish, seen, what, skipped):
    step = cluster_step(wish, seen)
    assert step.what.startswith(what)
    assert step.skipped == skipped


def test_the_image_is_built_unless_it_is_there():
    assert image_step(Wish(), NOTHING).skipped == ""
    assert image_step(Wish(), NOTHING._replace(has_image=True)).skipped == "it is there"
    assert "must have ledgerflux:dev-1" in image_step(OTHERS, NOTHING).skipped


def test_there_are_eight_steps_and_each_workload_is_waited_for():
    nats = {"kind": "StatefulSet", "metadata": {"name": "nats"}}
    waves = [Wave("stores", (nats,))]
    plan = plan_of(Wish(), NOTHING, waves, [Forward("gateway", 8001, 8000)], "all.yaml", 300)
    steps = {step.name: step for step in plan.steps}
    assert list(steps) == [
        "preflight", "cluster", "image", "render", "apply", "wait", "reach", "prove",
    ]  # fmt: skip
    assert steps["wait"].commands[0][-2:] == ("statefulset/nats", "--timeout=300s")
    assert "8001:8000" in steps["reach"].commands[0]
    assert plan.rendered == "all.yaml"
