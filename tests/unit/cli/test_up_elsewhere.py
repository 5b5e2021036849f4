import pytest

from ledgerflux_cli import compose_target, minikube_target
from ledgerflux_cli.app import run_command


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Return what the targets were asked for: run directory, wish and how."""
    found = []

    def take(run_dir, wish, **how):
        found.append((run_dir, wish, how))
        return 0

    monkeypatch.setattr(compose_target, "up", take)
    monkeypatch.setattr(minikube_target, "up", take)
    monkeypatch.delenv("LF_SOURCE", raising=False)
    return found


def test_what_is_asked_of_an_engine_is_passed_on(asked, tmp_path):
    flags = ("--offline", "--port", "8005", "--paused", "--speed", "max", "--dry-run")
    place = ("--data-dir", str(tmp_path), "--products", "BTC-USD", "--wait-timeout", "5s")
    assert run_command(["up", "--target", "compose", *flags, *place]) == 0
    [(run_dir, wish, how)] = asked
    assert run_dir.path == tmp_path
    assert (wish.products, wish.port, wish.offline, wish.paused) == (("BTC-USD",), 8005, True, True)
    assert (wish.speed, wish.source, wish.at_end) == ("max", "synthetic:200", "hold")
    assert how == {"dry_run": True, "timeout_s": 5.0, "as_json": False}


def test_what_is_asked_of_a_cluster_is_passed_on(asked, tmp_path):
    place = ("--data-dir", str(tmp_path), "--profile", "minikube-small")
    assert run_command(["up", "--target", "minikube", *place]) == 0
    [(run_dir, wish, how)] = asked
    assert (run_dir.path, wish.profile) == (tmp_path, "minikube-small")
    assert how == {"dry_run": False, "timeout_s": None, "as_json": False}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--target", "compose", "--shards", "3"), "--shards means nothing to --target compose"),
        (("--target", "minikube", "--speed", "2"), "--speed means nothing to --target minikube"),
        (("--dry-run",), "--dry-run means something to --target compose"),
        (("--target", "mars"), "'mars' is none of local, compose, minikube"),
        (("--target", "compose", "--products", "x y"), "--products"),
    ],
)
def test_what_means_nothing_there_is_refused(asked, capsys, tmp_path, flags, told):
    assert run_command(["up", *flags, "--data-dir", str(tmp_path / "none")]) == 2
    assert told in capsys.readouterr().err
    assert not asked
    assert not (tmp_path / "none").exists()
