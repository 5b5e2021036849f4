"""Where a command gets the status of its stack from."""

from pathlib import Path
from typing import Any

from ledgerflux.errors import GatewayError
from ledgerflux_cli.options import run_dir_of


def find_status(data_dir: Path | None, gateway: str | None) -> dict[str, Any]:
    """Return `lf.status/1`: a gateway's, else as far as `run.json` knows it.

    Raises:
        NotRunning: There is no stack.
        GatewayError: The gateway named by `gateway` does not answer.
    """
    from ledgerflux.stack.handmade import reach
    from ledgerflux.stack.status import local_status
    from ledgerflux_cli.gateway_http import get_status

    if gateway is not None:
        return get_status(gateway)

    run_dir = run_dir_of(data_dir)
    for found in reach(run_dir):
        try:
            return get_status(found.http)
        except GatewayError:
            continue
    return local_status(run_dir)
