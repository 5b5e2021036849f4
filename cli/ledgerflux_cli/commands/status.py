"""`lf status`."""

import shutil
import time
from typing import Any

import typer

from ledgerflux.errors import NotRunning
from ledgerflux_cli.examples import examples
from ledgerflux_cli.find_status import find_status
from ledgerflux_cli.options import AsJson, DataDir, Gateway
from ledgerflux_cli.output import write_json

HEALTHY, DEGRADED = 0, 10


@examples("lf status", "lf status --json | jq -r .state")
def status(data_dir: DataDir = None, gateway: Gateway = None, as_json: AsJson = False) -> None:
    """Say how the stack is: services, shards, rates, gaps."""
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
