"""Where a command gets the status of its stack from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledgerflux.errors import GatewayError, NotRunning
from ledgerflux_cli.options import run_dir_of

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import RunDir


def find_status(data_dir: Path | None, gateway: str | None) -> dict[str, Any]:
    """Return `lf.status/1`: the gateway's, else as far as `run.json` knows it.

    Raises:
        NotRunning: There is no stack.
        GatewayError: The gateway named by `gateway` does not answer.
    """
    from ledgerflux.stack.handmade import gateway_of
    from ledgerflux.stack.status import local_status
    from ledgerflux_cli.gateway_http import get_status

    if gateway is not None:
        return get_status(gateway)

    run_dir = run_dir_of(data_dir)
    found = gateway_of(run_dir)
    if found is not None:
        try:
            return get_status(found.http)
        except GatewayError:
            pass
    status = local_status(run_dir)
    if status is None:
        raise silent(run_dir)
    return status


def silent(run_dir: "RunDir") -> NotRunning:
    """Return why nothing can be said of a stack: none is there, or its `run.json` is not."""
    holder = run_dir.holder()
    if holder is None:
        return NotRunning(f"no stack runs in {run_dir.path}", try_next=["lf up"])
    return NotRunning(
        f"the stack in {run_dir.path} (pid {holder}) is only starting, or its run.json is broken",
        try_next=["lf doctor", "lf down"],
    )
