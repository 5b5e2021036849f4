"""`lf open`."""

import os
import re
import sys
from typing import Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway
from ledgerflux_cli.output import say, write, write_json

SCHEMA = "lf.open/1"
GATEWAY = "gateway"
THING = re.compile(r"gateway(-\d{1,2})?")
PATH = "/"
"""What is for a browser there."""


@examples("lf open gateway", "lf open gateway --print")
def open_browser(
    thing: Annotated[
        str, typer.Argument(metavar="gateway", help="What to open.", show_default=False)
    ],
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address, open nothing.")
    ] = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Open the gateway's page in the browser: live books, trades, products.

    Of several gateways the first that answers; `gateway-1` is the second.

    Where there is no display, the address is printed.
    """
    if not THING.fullmatch(thing):
        raise typer.BadParameter(f"{thing!r} can't be opened: there is {GATEWAY}")
    from ledgerflux_cli.find_gateway import find_gateway_http

    url = find_gateway_http(data_dir, gateway, thing) + PATH
    opened = not only_print and has_display() and _open(url)
    if as_json:
        write_json({"schema": SCHEMA, "url": url, "opened": opened})
    elif opened:
        say(f"opened {url}")
    else:
        write(url)


def has_display() -> bool:
    """Say whether a browser could show itself: text browsers would take the terminal."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(url: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
