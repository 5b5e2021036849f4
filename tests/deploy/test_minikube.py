"""`--target minikube` with real kubectl against a fake API server, and programs from cassettes.

No cluster is here: what only a real one proves is listed in docs/operations.md.
"""

import json
import time

import psutil
import pytest
from minikube_world import NAME, TAG, container
from stacks import Stack

from ledgerflux.deploy.checkout import checkout
from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.manifests import check
from ledgerflux.deploy.minikube import checking, reaching
from ledgerflux.deploy.minikube.ending import end
from ledgerflux.deploy.minikube.kubectl import Kubectl
from ledgerflux.deploy.minikube.secrets_once import grafana_login
from ledgerflux.errors import Conflict
from ledgerflux_cli import minikube_target

pytestmark = pytest.mark.deploy


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
