"""How commands reach a gateway elsewhere: flags of every command that takes `--gateway`."""

from pathlib import Path
from typing import Any

OWN_SOCKETS = ("loadtest", "open")
"""Commands whose clients are not the library's."""


def add_way(command: Any) -> None:
    """Give `command` the flags, where it asks a gateway through the library."""
    names = {parameter.name for parameter in command.params}
    if "gateway" not in names or command.name in OWN_SOCKETS:
        return
    from typer.core import TyperOption

    command.params.append(
        TyperOption(
            param_decls=["--gateway-ca"],
            envvar="LF_GATEWAY_CA",
            metavar="FILE",
            default=None,
            expose_value=False,
            callback=_trust,
            help="PEM file of what signed the certificate of a gateway elsewhere.",
        )
    )


def _trust(_context: Any, _parameter: Any, file: str | None) -> None:
    if file:
        from ledgerflux.client.way import Way, use_way

        use_way(Way(ca_file=Path(file)))
