"""Failures of `--target minikube`, each with its words and exit code, and the next start goes on.

Real kubectl talks to a fake API server; other programs come from cassettes.
"""

import json

import cassettes
import fake_api
import pytest
from minikube_world import NAME, container

from ledgerflux.deploy.minikube import checking
from ledgerflux.errors import (
    ConfigError,
    Conflict,
    MissingDependency,
    NotRunning,
    StackError,
    Timeout,
)
from ledgerflux_cli import minikube_target

pytestmark = pytest.mark.deploy


def heals(world):
    """The same start again, with nothing wrong any more, is whole."""
    world.api.script = fake_api.Script()
    assert world.up().proof.increments == 10


def test_1_no_minikube(world):
    (world.programs.folder / "minikube").unlink()
    world.fails(MissingDependency, "missing_dependency", 5, "minikube: it is not on PATH")
    assert world.api.changes() == []
    world.programs.play("minikube", cassettes.minikube(NAME))
    heals(world)


def test_2_a_minikube_that_is_too_old(world):
    old = json.dumps({"minikubeVersion": "v1.37.0"})
    world.programs.play("minikube", cassettes.minikube(NAME, version=old))
    world.fails(MissingDependency, "missing_dependency", 5, "v1.37.0 is older than 1.38")
    assert world.programs.calls("minikube start") == []


def test_3_docker_has_too_little_memory(world):
    info = json.dumps({"NCPU": 4, "MemTotal": 6 << 30})
    world.programs.play("docker", [cassettes.call("info .*", info)])
    world.fails(MissingDependency, "missing_dependency", 5, "6144 MB", "--profile minikube-small")
    assert world.programs.calls("minikube start") == []


@pytest.mark.parametrize(
    ("error_id", "exit_code", "kind", "code", "ours", "words"),
    [
        ("RSRC_DOCKER_MEMORY", 23, MissingDependency, "missing_dependency", 5, "less memory"),
        ("GUEST_PROVISION", 80, StackError, "cluster_failed", 1, "minikube delete"),
    ],
)
def test_4_minikube_can_not_start(world, error_id, exit_code, kind, code, ours, words):
    told = cassettes.event("error", name=error_id, message="in its words", exitcode=str(exit_code))
    start = ({"stdout": told, "exit": exit_code}, cassettes.STARTED)
    calls = cassettes.minikube(NAME, profiles=(cassettes.NO_PROFILE,) * 2 + (cassettes.profile(),))
    calls[3] = cassettes.call(r"start -p ledgerflux .*", *start)
    world.programs.play("minikube", calls)
    world.fails(kind, code, ours, error_id, words)
    assert world.api.changes() == []
    heals(world)


def test_5_a_cluster_that_is_too_small(world):
    small = cassettes.profile(cpus=2, memory=2048)
    world.programs.play("minikube", cassettes.minikube(NAME, profiles=(small,)))
    world.fails(Conflict, "cluster_misfit", 6, "2 CPUs, 4 are needed", "lf down --target minikube")


def test_6_an_image_build_that_fails_and_ends_with_0(world):
    listed = (cassettes.images(), cassettes.images(), cassettes.images(), cassettes.images(NAME))
    calls = cassettes.minikube(NAME, listed=listed, build="ERROR: failed to solve: no wheel\n")
    world.programs.play("minikube", calls)
    world.fails(StackError, "image_failed", 1, "is not in the cluster", "no wheel")
    assert world.api.changes() == []
    heals(world)


def test_7_manifests_that_a_check_refuses(world, monkeypatch):
    monkeypatch.setattr(checking, "check", lambda objects, budget: ["StatefulSet/nats: no probe"])
    world.fails(StackError, "bad_manifests", 1, "StatefulSet/nats: no probe", "lf render")
    assert world.api.changes() == []


def test_8_a_user_who_may_not(world):
    world.api.script.refuse["PATCH", "statefulsets"] = (
        403, "Forbidden", 'statefulsets.apps "nats" is forbidden: User "u" cannot patch',
    )  # fmt: skip
    world.fails(MissingDependency, "permission_denied", 5, 'User "u" cannot patch', "auth can-i")
    assert world.api.names("statefulsets") == []
    heals(world)


def test_9_a_field_that_somebody_else_has_set(world):
    world.api.script.conflicts["statefulsets/normalize"] = ("kubectl-edit", ".spec.replicas")
    world.fails(Conflict, "field_conflict", 6, "kubectl-edit has set .spec.replicas", "--force")
    assert "normalize" not in world.api.names("statefulsets")
    heals(world)


def test_10_a_quota(world):
    world.api.script.events = [
        {"name": "normalize", "reason": "FailedCreate", "message": "exceeded quota: small"}
    ]
    world.fails(
        Timeout, "start_timeout", 4, "QuotaExceeded", "exceeded quota: small", "normalize 0/2"
    )
    assert "gateway" in world.api.names("deployments")
    heals(world)


def test_11_an_image_that_can_not_be_had(world):
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
    world.api.script.pods["nats"] = container("nats:2.11-alpine", state={"waiting": waiting})
    world.fails(Timeout, "start_timeout", 4, "ImagePullBackOff", "nats:2.11-alpine", "wave stores")
    assert world.api.names("deployments") == []
    heals(world)


def test_12_a_role_that_ends_again_and_again_tells_its_last_lines(world):
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    world.api.script.pods["normalize"] = container(state=state, lastState=ended, restartCount=5)
    world.api.script.logs["normalize-0"] = [f"line {number}" for number in range(40)]
    error = world.fails(Timeout, "start_timeout", 4, "CrashLoopBackOff", "exit code 3", "5 times")
    assert "line 39" in str(error)
    assert "line 19\n" not in str(error)
    heals(world)


def test_13_no_room_on_the_node(world):
    message = "0/1 nodes are available: 1 Insufficient cpu."
    condition = {"type": "PodScheduled", "status": "False", "message": message}
    world.api.script.pods["gateway"] = {"phase": "Pending", "conditions": [condition]}
    world.fails(Timeout, "start_timeout", 4, "Unschedulable", "Insufficient cpu", "gateway 0/1")
    heals(world)


def test_14_a_rollout_that_is_stuck_behind_a_broken_pod(world):
    waiting = {"reason": "CrashLoopBackOff"}
    world.api.script.rollout["normalize"] = {
        "currentRevision": "normalize-1", "updateRevision": "normalize-3", "updatedReplicas": 0,
    }  # fmt: skip
    broken = container(state={"waiting": waiting})
    world.api.script.pods["normalize"] = {**broken, "revision": "normalize-2"}
    world.fails(
        Timeout, "start_timeout", 4, "StuckRollout", "normalize-0",
        "kubectl --context ledgerflux -n ledgerflux delete pod normalize-0",
    )  # fmt: skip
    heals(world)


def test_15_a_connection_that_is_lost_for_a_moment_is_no_failure(world):
    world.api.script.lose = 1
    assert world.up().proof.increments == 10


def test_16_a_connection_that_stays_lost(world, monkeypatch):
    monkeypatch.setattr("ledgerflux.deploy.minikube.kubectl.PAUSE_S", 0.01)
    world.api.script.lose = 1000
    world.fails(NotRunning, "cluster_unreachable", 3, "does not answer", "lf doctor")
    heals(world)


def test_17_another_cluster_is_not_touched_without_a_yes(world):
    with pytest.raises(ConfigError) as caught:
        minikube_target.wish_of(kube_context="production")
    assert caught.value.exit_code == 2
    assert "--yes" in caught.value.try_next[0]
    assert world.api.requests == []


def test_18_another_stack_in_the_data_directory(world):
    world.run_dir.claim()
    with world.run_dir.lock(), pytest.raises(Conflict) as caught:
        world.up()
    assert caught.value.code == "already_running"
    assert world.programs.calls() == []


def test_a_slow_cluster_is_waited_for(world):
    world.api.script.slow_s = 0.1
    assert world.up(timeout_s=10).proof.increments == 10


def test_another_cluster_gets_no_minikube_when_agreed_to(world, tmp_path, monkeypatch):
    file = world.api.kubeconfig(tmp_path / "other", context="mine")
    monkeypatch.setenv("KUBECONFIG", str(file))
    result = world.up(minikube_target.wish_of(kube_context="mine", yes=True, port=0))
    assert result.state.request["kube_context"] == "mine"
    assert world.programs.calls("minikube") == []
