"""`lf open`."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ledgerflux.errors import NotRunning
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway, run_dir_of
from ledgerflux_cli.output import say, write, write_json

SCHEMA = "lf.open/1"
GATEWAY = "gateway"
THING = re.compile(r"gateway(-\d{1,2})?")
MONITORING = ("grafana", "prometheus")
PATH = "/"
"""What is for a browser there."""


@examples("lf open gateway", "lf open gateway --print")
def open_browser(
    thing: Annotated[
        str,
        typer.Argument(
            metavar="gateway|grafana|prometheus", help="What to open.", show_default=False
        ),
    ],
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address, open nothing.")
    ] = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Open the gateway's page in the browser: live books, trades, products.

    `grafana` and `prometheus` where a deployment runs them: the address and, of Grafana, the
    login are printed, too.

    Of several gateways the first that answers; `gateway-1` is the second.

    Where there is no display, the address is printed.
    """
    if thing in MONITORING:
        _monitoring(thing, data_dir, only_print=only_print, as_json=as_json)
        return
    if not THING.fullmatch(thing):
        known = ", ".join((GATEWAY, *MONITORING))
        raise typer.BadParameter(f"{thing!r} can't be opened: there is {known}")
    from ledgerflux_cli.find_gateway import find_gateway_http

    url = find_gateway_http(data_dir, gateway, thing) + PATH
    opened = not only_print and has_display() and _open(url)
    if as_json:
        write_json({"schema": SCHEMA, "url": url, "opened": opened})
    elif opened:
        say(f"opened {url}")
    else:
        write(url)


def _monitoring(thing: str, data_dir: Path | None, *, only_print: bool, as_json: bool) -> None:
    """Open Grafana or Prometheus of a deployment; print address and login.

    Raises:
        NotRunning: No stack holds the directory, or it has no such service.
    """
    from ledgerflux_cli.minikube_target import login_of, urls_of

    state = run_dir_of(data_dir).running()
    url = urls_of(state.request).get(thing)
    if url is None:
        raise NotRunning(
            f"the stack in {state.data_dir} has no {thing}",
            try_next=["lf up --target minikube"],
        )
    login = login_of(state.request) if thing == "grafana" else None
    opened = not only_print and has_display() and _open(url)
    if as_json:
        write_json({"schema": SCHEMA, "url": url, "opened": opened, "login": login})
        return
    write(url)
    if login is not None:
        write(f"login: {login['user']} {login['password']}")


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
