"""`lf health`: whether the role in this container is ready."""

import os
from typing import Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.output import write

REASON_MAX = 200


@examples("lf health --http-port 9100", "lf health --port 8000")
def health(
    http_port: Annotated[
        int,
        typer.Option(
            "--http-port",
            envvar="LF_HTTP_PORT",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of a role's /ready; 0: it is a gateway, see --port.",
        ),
    ] = 0,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            envvar="LF_PORT",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of a gateway; with LF_TLS_CERT it speaks TLS.",
        ),
    ] = 8000,
) -> None:
    """Ask the role in this container whether it is ready.

    Exit 0 where it is and 1 where not, with the reason in one line.
    """
    from ledgerflux.stack import probe

    asked = {"LF_HTTP_PORT": str(http_port), "LF_PORT": str(port)}
    own, tls = probe.own({**os.environ, **asked})
    ready, told = ask(int(own), tls=tls)
    write(told)
    raise typer.Exit(0 if ready else 1)


def ask(port: int, *, tls: bool = False) -> tuple[bool, str]:
    """Return whether the role on `port` is ready, and its state and reason."""
    import msgspec

    from ledgerflux.stack import probe

    try:
        status, body = probe.ask(port, tls=tls)
        document = msgspec.json.decode(body)
        told = f"{document['state']} {document['reason']}".strip()
        return status == 200, told[:REASON_MAX]
    except probe.NoAnswer as error:
        return False, str(error)[:REASON_MAX]
    except (msgspec.DecodeError, TypeError, KeyError):
        return False, f"what answers on port {port} is no role"
