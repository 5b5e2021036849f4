"""`lf status`."""

import shutil
import time
from typing import Any

import typer

from ledgerflux.errors import NotRunning
from ledgerflux_cli.deploy_options import Agreed, KubeContext
from ledgerflux_cli.examples import examples
from ledgerflux_cli.find_status import find_status
from ledgerflux_cli.options import AsJson, DataDir, Gateway, run_dir_of
from ledgerflux_cli.output import write_json
from ledgerflux_cli.targets import MINIKUBE, OF_MINIKUBE, Target, refuse_these, target_of

HEALTHY, DEGRADED = 0, 10


@examples("lf status", "lf status --json | jq -r .state")
def status(
    context: typer.Context,
    target: Target = None,
    kube_context: KubeContext = None,
    yes: Agreed = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Say how the stack is: services, shards, rates, gaps."""
    run_dir = run_dir_of(data_dir)
    if gateway is None and target_of(run_dir, target) == MINIKUBE:
        from ledgerflux_cli import minikube_target

        wish = minikube_target.wish_of(kube_context=kube_context, yes=yes)
        raise typer.Exit(minikube_target.status(run_dir, wish, as_json=as_json))
    refuse_these(context, ("kube_context", "yes"), OF_MINIKUBE)
    try:
        document = find_status(data_dir, gateway)
    except NotRunning:
        if as_json:
            from ledgerflux.stack.status import down_status

            write_json(down_status())
        raise
    if as_json:
        write_json(document)
    else:
        print_status(document)
    raise typer.Exit(HEALTHY if document["state"] == "healthy" else DEGRADED)


def print_status(document: dict[str, Any]) -> None:
    """Write the status for people, coloured on a terminal."""
    from ledgerflux_cli.output import write_lines
    from ledgerflux_tui.view import status_lines

    width = shutil.get_terminal_size((120, 40)).columns
    write_lines(status_lines(document, width, now_ns=time.time_ns()))
