"""How commands reach a gateway elsewhere: flags of every command that takes `--gateway`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

WITHOUT = ("open",)
"""A command that asks a gateway nothing but whether it is there."""
STARTING = ("up",)
"""A command whose own gateway may want a key."""


def add_way(command: Any) -> None:
    """Give `command` the flags, where it asks a gateway through the library."""
    names = {parameter.name for parameter in command.params}
    key = _option("--token-file", _show, "File that holds the API key, or JWT, to show.")
    if command.name in STARTING:
        command.params.append(key)
    if "gateway" not in names or command.name in WITHOUT:
        return
    signed = "PEM file of what signed the certificate of a gateway elsewhere."
    command.params.append(_option("--gateway-ca", _trust, signed))
    command.params.append(key)


def _option(flag: str, callback: Callable[[Any, Any, str | None], None], text: str) -> Any:
    from typer.core import TyperOption

    return TyperOption(
        param_decls=[flag],
        envvar="LF_" + flag.removeprefix("--").replace("-", "_").upper(),
        metavar="FILE",
        default=None,
        expose_value=False,
        callback=callback,
        help=text,
    )


def _trust(_context: Any, _parameter: Any, file: str | None) -> None:
    if file:
        from ledgerflux.client.way import use_way, usual_way

        use_way(usual_way()._replace(ca_file=Path(file)))


def _show(_context: Any, _parameter: Any, file: str | None) -> None:
    if file:
        from ledgerflux.client.way import read_token, use_way, usual_way

        use_way(usual_way()._replace(token=read_token(Path(file))))
