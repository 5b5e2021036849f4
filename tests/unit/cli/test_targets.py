"""Which target a command means."""

import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.stack.run_dir import RunDir, RunState
from ledgerflux_cli.app import run_command
from ledgerflux_cli.targets import target_of


@pytest.fixture
def run_dir(tmp_path):
    return RunDir(tmp_path)


def holds(run_dir, request):
    run_dir.write(
        RunState(
            pid=1, warden_pid=1, state="up", started_ns=0, data_dir=str(run_dir.path),
            source="", durability="", request=request,
        )
    )  # fmt: skip


def test_what_is_given_counts(run_dir):
    holds(run_dir, {"target": "minikube"})
    assert target_of(run_dir, "local") == "local"


def test_else_that_of_the_data_directory(run_dir):
    assert target_of(run_dir, None) == "local"
    holds(run_dir, {"target": "minikube"})
    assert target_of(run_dir, None) == "minikube"
    holds(run_dir, {})
    assert target_of(run_dir, None) == "local"


def test_a_target_that_is_none_is_refused(run_dir):
    with pytest.raises(ConfigError, match="none of local"):
        target_of(run_dir, "moon")


@pytest.mark.parametrize(
    ("target", "command", "flag"),
    [
        ("local", ["down", "--cluster"], "--cluster"),
        ("compose", ["down", "--kube-context", "x"], "--kube-context"),
        ("local", ["status", "--kube-context", "x"], "--kube-context"),
        ("compose", ["status", "--yes"], "--yes"),
        ("local", ["logs", "--yes"], "--yes"),
        ("compose", ["logs", "--json"], "--json"),
        ("compose", ["logs", "--level", "error"], "--level"),
        ("minikube", ["logs", "--until", "-5m"], "--until"),
        ("local", ["doctor", "--profile", "minikube"], "--profile"),
        ("compose", ["doctor", "--report", "x"], "--report"),
    ],
)
def test_a_flag_of_another_target_is_refused(run_dir, capsys, target, command, flag):
    asked = [*command, "--target", target, "--data-dir", str(run_dir.path)]
    assert run_command(asked) == 2
    assert f"{flag} means something to --target " in capsys.readouterr().err
