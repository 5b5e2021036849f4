"""`lf tui`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import DataDir, Gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledgerflux_tui.once import Format

FPS_MIN, FPS_MAX, FPS_DEFAULT = 1, 30, 10
SIZE_MAX = 500
THEMES = "dark|light|terminal|contrast|colour-blind"


@examples(
    "lf tui",
    "lf tui shards --read-only",
    "lf tui --gateway http://host:8000 --theme light",
    "lf tui --once --size 120x36 --format svg > now.svg",
)
def tui(
    view: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VIEW]...",
            help="What to open with: live (also overview), market, shards, pipeline, replay.",
        ),
    ] = None,
    products: Annotated[
        str | None,
        typer.Option(
            "--products", metavar="ID,ID,...", help="Products to show, and patterns; without: all."
        ),
    ] = None,
    fps: Annotated[
        int,
        typer.Option("--fps", min=FPS_MIN, max=FPS_MAX, metavar="N", help="Frames a second."),
    ] = FPS_DEFAULT,
    theme: Annotated[
        str, typer.Option("--theme", metavar=THEMES, help="Colours to begin with; T changes them.")
    ] = "dark",
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="Draw with ASCII alone, as on terminals without UTF-8.")
    ] = False,
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Without all that changes the stack.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Paint one frame to standard output and leave.")
    ] = False,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="COLUMNSxLINES", help="Of that frame; default 120x36."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="text|svg", help="Of that frame; default text."),
    ] = None,
    data_dir: DataDir = None,
    gateway: Gateway = None,
) -> None:
    """Open the dashboard: live books, trades, and how every shard does.

    It is a client of the gateway and changes nothing unless asked. In plain lines the same is
    told by `lf top`, `lf status` and `lf sub`.
    """
    name = _read_view(view or [])
    _read_theme(theme)
    if not once:
        _refuse_frame_flags(size, form)
    frame_size, frame_format = _read_size(size or "120x36"), _read_format(form or "text")
    if not once and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        from ledgerflux.errors import ConfigError

        raise ConfigError(
            "lf tui needs a terminal", code="bad_argument", try_next=["lf top --once"]
        )
    addresses = _reached(data_dir, gateway)

    from ledgerflux_tui.options import Options

    options = Options(
        view=name,
        fps=fps,
        theme=theme,
        colours="NO_COLOR" not in os.environ,
        ascii_only=ascii_only or plain_terminal(os.environ, sys.stdout.encoding),
        mouse=not no_mouse,
        read_only=read_only,
    )
    if once:
        from ledgerflux_tui.once import frame

        text = frame(addresses, _read_products(products), options, frame_size, frame_format)
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        return
    from ledgerflux_tui.run import run

    code = run(addresses, _read_products(products), options)
    if code:
        raise typer.Exit(code)


def _read_view(words: list[str]) -> str:
    from ledgerflux_tui.views.names import VIEW_TITLES, view_named

    name = view_named(words)
    if name is None:
        raise typer.BadParameter(
            f"VIEW: {' '.join(words)!r} is none of live, {', '.join(VIEW_TITLES)}"
        )
    return name


def _read_theme(name: str) -> None:
    if name not in THEMES.split("|"):
        raise typer.BadParameter(f"--theme: {name!r} is none of {', '.join(THEMES.split('|'))}")


def _refuse_frame_flags(size: str | None, form: str | None) -> None:
    for flag, value in (("--size", size), ("--format", form)):
        if value is not None:
            raise typer.BadParameter(f"{flag}: only with --once; a terminal has its own")


def _read_size(text: str) -> tuple[int, int]:
    columns, _, lines = text.partition("x")
    if not (columns.isdecimal() and lines.isdecimal()):
        raise typer.BadParameter(f"--size: {text!r} is no size such as 120x36")
    found = int(columns), int(lines)
    if not (0 < found[0] <= SIZE_MAX and 0 < found[1] <= SIZE_MAX):
        raise typer.BadParameter(f"--size: {text!r} is not from 1x1 to {SIZE_MAX}x{SIZE_MAX}")
    return found


def _read_format(name: str) -> "Format":
    if name == "text":
        return "text"
    if name == "svg":
        return "svg"
    raise typer.BadParameter(f"--format: {name!r} is none of text, svg")


def _read_products(text: str | None) -> list[str] | None:
    """Return the products asked for; None: all."""
    if text is None:
        return None
    return [word.strip().upper() for word in text.split(",") if word.strip()] or None


def _reached(data_dir: Path | None, gateway: str | None) -> list[str]:
    """Return the addresses of the gateways, one of which answers with a status.

    Raises:
        NotRunning: There is no stack.
        GatewayError: None of them answers, or what is there is no gateway.
    """
    from ledgerflux.client.addresses import http_address
    from ledgerflux.errors import GatewayError
    from ledgerflux_cli.find_gateway import find_gateway
    from ledgerflux_cli.gateway_http import get_status

    addresses = find_gateway(data_dir, gateway)
    failure: GatewayError | None = None
    for address in addresses:
        try:
            get_status(http_address(address))
        except GatewayError as error:
            failure = error
        else:
            return addresses
    assert failure is not None, "a stack without a gateway is not running"
    raise failure


def plain_terminal(environment: "Mapping[str, str]", encoding: str | None) -> bool:
    """Say whether a terminal has ASCII alone."""
    import codecs

    if environment.get("TERM") in ("linux", "vt100"):
        return True
    return codecs.lookup(encoding or "ascii").name != "utf-8"
