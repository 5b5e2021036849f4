"""The live lines of an attached `lf up`: redrawn in place on a terminal, else one a second."""

import asyncio
import os
from typing import TYPE_CHECKING, Any, TextIO

from ledgerflux.errors import GatewayError
from ledgerflux_cli.gateway_http import get_status
from ledgerflux_tui import view

if TYPE_CHECKING:
    from rich.live import Live as RichLive
    from rich.text import Text

    from ledgerflux.stack.run_dir import RunState

EVERY_S = 1.0
RICH_STYLES: dict[view.Style, str] = {
    "plain": "",
    "dim": "dim",
    "head": "bold",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "bid": "green",
    "ask": "red",
}


class Live:
    """Draws the status of a stack once a second until cancelled."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: RichLive | None = None

    async def run(self, state: "RunState") -> None:
        """Draw until cancelled; without a gateway there is nothing to draw."""
        if state.gateway is None:
            return
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            await self._redraw(state.gateway.http)
        else:
            await self._append(state.gateway.http)

    def above(self, text: str) -> bool:
        """Write a line above the live ones; say whether there are any."""
        if self._drawn is None:
            return False
        self._drawn.console.print(text, markup=False, highlight=False)
        return True

    async def _append(self, gateway: str) -> None:
        while True:
            status = await _status(gateway)
            line = view.text_of(view.summary(status)) if status else "the gateway does not answer"
            self._stream.write(line + "\n")
            self._stream.flush()
            await asyncio.sleep(EVERY_S)

    async def _redraw(self, gateway: str) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        console = Console(file=self._stream, highlight=False)
        with RichLive(console=console, auto_refresh=False) as drawn:
            self._drawn = drawn
            try:
                while True:
                    lines = await _lines(gateway, console.width)
                    drawn.update(rich_text(lines), refresh=True)
                    await asyncio.sleep(EVERY_S)
            finally:
                self._drawn = None


async def _lines(gateway: str, width: int) -> list[view.Line]:
    status = await _status(gateway)
    if status is None:
        return [[("the gateway does not answer", "bad")]]
    tops = [
        view.Top(product, state=row["state"])
        for row in status["shards"]
        for product in row["products"]
    ]
    return [
        view.summary(status, gateway),
        *view.products_table(tops, width),
        *view.problems(status),
    ]


async def _status(gateway: str) -> dict[str, Any] | None:
    try:
        return await asyncio.to_thread(get_status, gateway)
    except GatewayError:
        return None


def rich_text(lines: list[view.Line]) -> "Text":
    """Return `lines` as one rich text."""
    from rich.text import Text

    text = Text(no_wrap=True, overflow="ellipsis")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for part, style in line:
            text.append(part, RICH_STYLES[style])
    return text
