"""Remembers in a data directory that the cluster is one that `lf` made, and may delete."""

from ledgerflux.stack.run_dir import RunDir

FILE = "minikube-made"


def remember_made(run_dir: RunDir) -> None:
    """Note that we make the cluster."""
    (run_dir.path / FILE).touch()


def was_made(run_dir: RunDir) -> bool:
    """Say whether the cluster is one that we made for this directory."""
    return (run_dir.path / FILE).exists()


def forget_made(run_dir: RunDir) -> None:
    """Note that the cluster is gone."""
    (run_dir.path / FILE).unlink(missing_ok=True)
