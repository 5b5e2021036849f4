"""`--target minikube` with real kubectl against a fake API server, and programs from cassettes.

No cluster is here: what only a real one proves is listed in docs/operations.md.
"""

import json
import shutil
import time
from pathlib import Path

import cassettes
import fake_api
import psutil
import pytest
import yaml
from minikube_world import (
    NAME,
    TAG,
    machine,  # noqa: F401 - a fixture
    real_gateway,  # noqa: F401 - a fixture
    small_checkout,  # noqa: F401 - a fixture
)
from stacks import Stack

from ledgerflux.deploy.checkout import checkout
from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.manifests import check
from ledgerflux.deploy.minikube import checking, reaching
from ledgerflux.deploy.minikube.dry_run import dry_run
from ledgerflux.deploy.minikube.ending import end
from ledgerflux.deploy.minikube.kubectl import Kubectl
from ledgerflux.deploy.minikube.secrets_once import grafana_login
from ledgerflux.deploy.plan import document, lines
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

# The plan


def plan(world, **wish):
    return dry_run(minikube_target.wish_of(**wish), world.root, TAG, 300)


def test_the_plan_of_a_first_start_names_every_command(world):
    made = document(plan(world))
    assert made["schema"] == "lf.plan/1"
    assert [step["name"] for step in made["steps"]] == [
        "preflight", "cluster", "image", "render", "apply", "wait", "reach", "prove",
    ]  # fmt: skip
    assert [one["skipped"] for one in made["steps"]] == [None] * 8
    assert made["steps"][1]["commands"] == [
        ["minikube", "start", "-p", "ledgerflux", "--cpus=4", "--memory=8g", "--disk-size=20g",
         "--kubernetes-version=v1.36.2", "--container-runtime=containerd", "--wait=all",
         "-o", "json"]
    ]  # fmt: skip
    assert made["steps"][2]["commands"][0] == [
        "minikube", "-p", "ledgerflux", "image", "build", "-t", NAME, str(world.root)
    ]  # fmt: skip
    assert made["steps"][4]["what"] == (
        "objects in waves: namespace (1), then config (2), then stores (1), then roles (2)"
    )
    rendered = list(yaml.safe_load_all(Path(made["rendered"]).read_text()))
    images = [
        one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in rendered
        if "template" in one.get("spec", {})
    ]
    assert images == ["nats:2.11-alpine", NAME, NAME]


def test_the_plan_for_people_has_numbers_and_commands_as_typed(world):
    told = lines(plan(world, cni="calico"))
    assert told[0].startswith("1. preflight: ")
    assert any(line.startswith("   minikube start -p ledgerflux --cpus=4") for line in told)
    assert any("--cni=calico" in line for line in told)
    assert told[-1].startswith("rendered: ")


def test_the_plan_of_a_second_start_has_neither_cluster_nor_image(world):
    world.programs.play(
        "minikube",
        cassettes.minikube(NAME, profiles=(cassettes.profile(),), listed=(cassettes.images(NAME),)),
    )
    steps = {one["name"]: one for one in document(plan(world))["steps"]}
    assert steps["cluster"]["skipped"] == "it runs"
    assert steps["image"]["skipped"] == "it is there"


def test_a_dry_run_touches_nothing(world):
    plan(world)
    assert world.api.requests == []
    assert not world.run_dir.path.exists()
    verbs = {" ".join(line.split()[1:3]) for line in world.programs.calls("minikube")}
    assert verbs <= {"profile list", "version -o"}


def test_the_small_profile_asks_for_half(world, root):
    overlays = root / "k8s" / "overlays"
    shutil.copytree(overlays / "minikube", overlays / "minikube-small")
    steps = {one["name"]: one for one in document(plan(world, profile="minikube-small"))["steps"]}
    assert "--cpus=2" in steps["cluster"]["commands"][0]
    assert "--memory=4g" in steps["cluster"]["commands"][0]


# It works


def test_the_first_start_does_all_eight_steps(world):
    result = world.up()
    assert world.steps() == [
        "preflight", "cluster", "image", "render", "apply", "wait", "reach", "prove",
    ]  # fmt: skip
    assert result.proof.increments == 10
    assert result.proof.durable is not None
    assert result.tag == TAG
    assert set(result.changed) == {
        "namespace/ledgerflux", "secret/nats", "secret/postgres", "secret/grafana",
        "configmap/settings", "service/gateway", "statefulset/nats", "statefulset/normalize",
        "deployment/gateway",
    }  # fmt: skip
    order = [path.rsplit("/", 1)[1] for method, path in world.api.requests if method == "PATCH"]
    assert order.index("nats") < order.index("normalize")
    manager = world.api.objects["statefulsets", "ledgerflux", "nats"]["metadata"]["managedFields"]
    assert manager[0]["manager"] == "lf"
    assert ("cluster", "downloading preload.tar 50 %") in world.told


def test_other_commands_find_the_gateway_through_the_data_directory(world, gateway):
    state = world.up().state
    stack = Stack(world.run_dir.path)
    assert stack.json("status", "--gateway", state.gateway.http)["state"] == "healthy"
    assert "BTC-USD" in stack.lf("products").stdout


def test_a_second_start_changes_nothing(world):
    world.up()
    secrets = [one["data"] for key, one in world.api.objects.items() if key[0] == "secrets"]
    starts = len(world.programs.calls("minikube start"))
    builds = len([line for line in world.programs.calls() if "image build" in line])
    result = world.up()
    assert result.changed == ()
    assert ("reach", "ports are forwarded already") in world.told
    assert len(world.programs.calls("minikube start")) == starts == 1
    assert len([line for line in world.programs.calls() if "image build" in line]) == builds == 1
    assert secrets == [one["data"] for key, one in world.api.objects.items() if key[0] == "secrets"]


def test_a_port_forward_that_ends_is_started_again(world):
    state = world.up().state
    (child,) = psutil.Process(state.pid).children()
    child.kill()
    log = world.run_dir.log("forward-gateway")
    wait_for(lambda: reaching.answers(state) and "again in" in log.read_text())


def test_a_password_that_was_asked_for_is_grafanas(world):
    world.up(minikube_target.wish_of(port=0, grafana_password="mine"))
    assert grafana_login(Kubectl("ledgerflux")) == ("admin", "mine")
    world.up()
    assert grafana_login(Kubectl("ledgerflux")) == ("admin", "mine")


def wait_for(condition, timeout_s=10):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("profile", ["minikube", "minikube-small"])
def test_the_overlays_of_this_tree_are_deployed_whole(world, monkeypatch, profile):
    """With all checks; the gateway that answers is another one."""
    monkeypatch.setattr(checking, "check", check)
    monkeypatch.setattr(world, "root", checkout())
    wish = minikube_target.wish_of(profile, port=0)
    result = world.up(wish, timeout_s=20)
    assert "statefulset/normalize" in result.changed
    images = {
        container["image"]
        for key, one in world.api.objects.items()
        if key[0] in ("statefulsets", "deployments")
        for container in one["spec"]["template"]["spec"]["containers"]
    }
    assert NAME in images
    assert world.up(wish, timeout_s=20).changed == ()
    ended = end(world.run_dir, wish, volumes=False, cluster=False)
    assert ended.deleted
    assert world.api.names("statefulsets") == world.api.names("deployments") == []


# Failures: each with its message and exit code, and the next start goes on


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


def container(image=NAME, **more):
    return {"containerStatuses": [{"name": "c", "image": image, "ready": False, **more}]}


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


# down, status, logs, doctor


def test_down_keeps_secrets_and_leaves_no_process(world):
    world.up()
    ended = end(world.run_dir, minikube_target.wish_of(), volumes=False, cluster=False)
    assert ended.was_running
    assert world.api.names("statefulsets") == world.api.names("deployments") == []
    assert world.api.names("secrets") == ["grafana", "nats", "postgres"]
    assert world.run_dir.holder() is None
    assert world.run_dir.read() is None


def test_down_with_volumes_deletes_the_namespace(world):
    world.up()
    end(world.run_dir, minikube_target.wish_of(), volumes=True, cluster=False)
    assert world.api.names("secrets") == world.api.names("namespaces") == []


def test_down_deletes_only_a_cluster_that_lf_made(world):
    wish = minikube_target.wish_of()
    with pytest.raises(Conflict, match="was not made by lf up"):
        end(world.run_dir, wish, volumes=False, cluster=True)
    assert world.programs.calls("minikube delete") == []
    world.up()
    assert end(world.run_dir, wish, volumes=False, cluster=True).cluster_deleted
    assert world.programs.calls("minikube delete") == ["minikube delete -p ledgerflux"]


def test_status_tells_workloads_image_and_addresses(world, capsys, monkeypatch):
    monkeypatch.setattr(minikube_target, "_tree_tag", lambda: TAG)
    wish = minikube_target.wish_of()
    assert minikube_target.status(world.run_dir, wish, as_json=True) == 3
    world.up()
    capsys.readouterr()
    assert minikube_target.status(world.run_dir, wish, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "lf.cluster/1"
    assert told["image"] == {"running": [TAG], "tree": TAG, "same": True}
    assert told["stack"]["schema"] == "lf.status/1"
    assert told["network_policies"] == "none"
    world.api.script.pods["nats"] = container(state={"waiting": {"reason": "ErrImagePull"}})
    assert minikube_target.status(world.run_dir, wish, as_json=False) == 10
    assert "statefulset/nats 0/1 ready" in capsys.readouterr().out


def test_logs_are_kubectls_with_the_names_of_pods(world, capsys):
    world.up()
    world.api.script.logs["nats-0"] = ["one", "two"]
    capsys.readouterr()
    wish = minikube_target.wish_of()
    assert minikube_target.logs(wish, LogWish(("nats",), tail=5)) == 0
    assert "[pod/nats-0/nats] two" in capsys.readouterr().out


def test_doctor_tells_what_is_missing_and_ends_with_5(world, capsys):
    wish = minikube_target.wish_of(port=0)
    assert minikube_target.doctor(world.run_dir, wish, as_json=False) == 0
    assert "PASS minikube     - v1.39.0" in capsys.readouterr().out
    (world.programs.folder / "minikube").unlink()
    assert minikube_target.doctor(world.run_dir, wish, as_json=True) == 5
    assert json.loads(capsys.readouterr().out)["result"] == "FAIL"
