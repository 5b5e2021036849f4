"""Where a command finds its gateway, and how a gateway's refusals are told."""

from pathlib import Path
from typing import TYPE_CHECKING

from ledgerflux.errors import GatewayError, LedgerFluxError, NotRunning
from ledgerflux_cli.options import run_dir_of

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import GatewayAddress


def find_gateway(data_dir: Path | None, gateway: str | None) -> str:
    """Return the address of the gateway asked for, or of the stack in `data_dir`.

    Raises:
        NotRunning: There is no stack, or it has no gateway.
    """
    return gateway if gateway is not None else _of_stack(data_dir).ws


def find_gateway_http(data_dir: Path | None, gateway: str | None) -> str:
    """Return the same as `http://host:port`, without a path.

    Raises:
        NotRunning: There is no stack, or it has no gateway.
        ConfigError: `gateway` is no address.
    """
    if gateway is None:
        return _of_stack(data_dir).http
    from ledgerflux.client.addresses import http_address

    return http_address(gateway)


def _of_stack(data_dir: Path | None) -> "GatewayAddress":
    run_dir = run_dir_of(data_dir)
    run_dir.running()
    from ledgerflux.stack.handmade import gateway_of

    found = gateway_of(run_dir)
    if found is None:
        raise NotRunning(
            f"the stack in {run_dir.path} has no gateway", try_next=["lf run gateway", "lf up"]
        )
    return found


def refused(error: GatewayError) -> LedgerFluxError:
    """Return what a gateway refused as an error of the command: it answered, so exit 1."""
    if error.code in ("gateway_unreachable", "protocol_error"):
        return error
    return LedgerFluxError(error.message, code=error.code)
