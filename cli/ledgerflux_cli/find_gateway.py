"""Where a command finds its gateway, and how a gateway's refusals are told."""

from pathlib import Path
from typing import TYPE_CHECKING

from ledgerflux.errors import GatewayError, LedgerFluxError, NotRunning
from ledgerflux_cli.options import run_dir_of

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import GatewayAddress


def find_gateway(data_dir: Path | None, gateway: str | None) -> list[str]:
    """Return the address of the gateway asked for, or of all those of the stack in `data_dir`.

    Raises:
        NotRunning: There is no stack, or it has no gateway.
    """
    return [gateway] if gateway is not None else [one.ws for one in _of_stack(data_dir)]


def find_gateway_http(data_dir: Path | None, gateway: str | None, name: str = "gateway") -> str:
    """Return `http://host:port` of the gateway asked for, or of one of the stack.

    Of the stack that is the one called `name` or, for `gateway`, the first that answers.

    Raises:
        NotRunning: There is no stack, or it has no gateway of that name.
        ConfigError: `gateway` is no address.
    """
    if gateway is None:
        return _chosen(_of_stack(data_dir), name).http
    from ledgerflux.client.addresses import http_address

    return http_address(gateway)


def _chosen(found: "list[GatewayAddress]", name: str) -> "GatewayAddress":
    if name == "gateway":
        return next((one for one in found[:-1] if _answers(one)), found[-1])
    for one in found:
        if one.name == name.removesuffix("-0"):
            return one
    names = ", ".join(one.name for one in found)
    raise NotRunning(f"the stack has no {name}: there is {names}", try_next=["lf up --gateways N"])


def _answers(address: "GatewayAddress") -> bool:
    from ledgerflux_cli.gateway_http import NOT_LET_IN, get_status

    try:
        get_status(address.http)
    except LedgerFluxError as error:
        return error.code in NOT_LET_IN
    return True


def _of_stack(data_dir: Path | None) -> "list[GatewayAddress]":
    run_dir = run_dir_of(data_dir)
    run_dir.running()
    from ledgerflux.stack.handmade import reach

    found = reach(run_dir)
    if not found:
        raise NotRunning(
            f"the stack in {run_dir.path} has no gateway", try_next=["lf run gateway", "lf up"]
        )
    return found


def refused(error: GatewayError) -> LedgerFluxError:
    """Return what a gateway refused as an error of the command: it answered, so exit 1."""
    if error.code in ("gateway_unreachable", "protocol_error"):
        return error
    from ledgerflux_cli.gateway_http import steps_of

    return LedgerFluxError(error.message, code=error.code, try_next=steps_of(error))
