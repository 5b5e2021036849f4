"""What `--target minikube` prints, without a cluster."""

import pytest

from ledgerflux.deploy.minikube.deployment import Result
from ledgerflux.deploy.proving import Proof
from ledgerflux.errors import ConfigError
from ledgerflux.stack.run_dir import RunState
from ledgerflux_cli.app import run_command
from ledgerflux_cli.minikube_target import deployed_document, login_of, urls_of, wish_of


@pytest.fixture
def lf(capsys):
    def run(*arguments):
        code = run_command(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


REQUEST = {"target": "minikube", "kube_context": "ledgerflux", "ports": {"gateway": 8001}}


def test_flags_become_a_wish_that_can_be_granted():
    wish = wish_of("minikube-small", no_monitoring=True, port=0)
    assert (wish.kube_context, wish.monitoring, wish.port) == ("ledgerflux", False, 0)
    with pytest.raises(ConfigError):
        wish_of(kube_context="other")


def test_addresses_are_on_this_machine():
    assert urls_of(REQUEST) == {"gateway": "http://127.0.0.1:8001"}
    assert urls_of({}) == {}


def test_the_document_tells_what_was_changed_and_proved():
    state = RunState(
        pid=1, warden_pid=1, state="up", started_ns=0, data_dir="d", source="",
        durability="", request=REQUEST,
    )  # fmt: skip
    proof = Proof("BTC-USD", 10, 1.23456, True, "synthetic")
    document = deployed_document(Result(state, "dev-1", ("configmap/a",), proof))
    assert document["schema"] == "lf.deployed/1"
    assert document["changed"] == ["configmap/a"]
    assert document["proof"] == {
        "product": "BTC-USD", "increments": 10, "p95_ms": 1.235, "durable": True,
        "source": "synthetic",
    }  # fmt: skip


def test_only_a_cluster_has_a_login():
    assert login_of({"target": "local"}) is None


def test_grafana_is_only_opened_where_it_runs(lf, tmp_path):
    code, _, err = lf("open", "grafana", "--data-dir", str(tmp_path))
    assert (code, "error[not_running]" in err) == (3, True)
    code, _, err = lf("open", "nonsense")
    assert code == 2
    assert "gateway, grafana, prometheus" in err


@pytest.mark.parametrize(
    ("flags", "said"),
    [(("--shards", "8"), "--shards"), (("nats",), "SERVICE"), (("--paused",), "--paused")],
)
def test_a_flag_without_effect_on_a_cluster_is_refused(lf, tmp_path, flags, said):
    code, _, err = lf("up", *flags, "--target", "minikube", "--data-dir", str(tmp_path / "d"))
    assert code == 2
    assert f"{said} means nothing to --target minikube" in err
    assert "k8s/base/config/ledgerflux.env" in err


@pytest.mark.parametrize("command", ["up", "down", "status", "logs"])
def test_another_cluster_needs_a_yes_in_every_command(lf, tmp_path, command):
    code, _, err = lf(
        command,
        "--target",
        "minikube",
        "--kube-context",
        "other",
        "--data-dir",
        str(tmp_path / "d"),
    )
    assert code == 2
    assert "other is not the cluster that lf makes" in err
    assert not (tmp_path / "d").exists()
