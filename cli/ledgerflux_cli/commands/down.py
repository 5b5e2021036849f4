"""`lf down`."""

import sys
from typing import Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.deploy_options import Cluster, KubeContext
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import write, write_json
from ledgerflux_cli.targets import COMPOSE, MINIKUBE, OF_MINIKUBE, Target, refuse_these, target_of

SCHEMA = "lf.down/1"


@examples("lf down", "lf down --volumes --yes")
def down(
    context: typer.Context,
    volumes: Annotated[bool, typer.Option("--volumes", help="Delete the data, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    target: Target = None,
    cluster: Cluster = False,
    kube_context: KubeContext = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Stop the stack; with --volumes, delete its data."""
    from ledgerflux.stack.down import stop_stack

    run_dir = run_dir_of(data_dir)
    target = target_of(run_dir, target)
    if target != MINIKUBE:
        refuse_these(context, ("cluster", "kube_context"), OF_MINIKUBE)
    if target == COMPOSE:
        from ledgerflux_cli import compose_target

        if volumes and not yes:
            _ask(f"the stack of {run_dir.path}")
        compose_target.down(run_dir, volumes=volumes, as_json=as_json)
        return
    if target == MINIKUBE:
        from ledgerflux_cli import minikube_target

        wish = minikube_target.wish_of(kube_context=kube_context, yes=yes)
        if (volumes or cluster) and not yes:
            _ask(f"the cluster {wish.kube_context}")
        minikube_target.down(run_dir, wish, volumes=volumes, cluster=cluster, as_json=as_json)
        return
    if volumes and not yes and run_dir.is_ours():
        _ask(str(run_dir.path))
    stopped = stop_stack(run_dir, volumes=volumes)
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "data_dir": str(run_dir.path),
                "was_running": stopped.was_running,
                "services": stopped.services,
                "volumes_deleted": stopped.volumes_deleted,
            }
        )
        return
    if stopped.was_running or stopped.services:
        write(f"stopped {len(stopped.services)} services: {' '.join(stopped.services)}")
    else:
        write(f"nothing runs in {run_dir.path}")
    if stopped.volumes_deleted:
        write(f"deleted the data in {run_dir.path}")


def _ask(path: str) -> None:
    """Ask before deleting.

    Raises:
        ConfigError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(
            f"--volumes deletes everything in {path}: it needs --yes where nobody can be asked",
            code="bad_argument",
            try_next=["lf down --volumes --yes"],
        )
    typer.confirm(f"Delete everything in {path}?", abort=True, err=True)
