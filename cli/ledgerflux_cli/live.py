"""The live lines of an attached `lf up`: redrawn in place on a terminal, else one a second."""

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, TextIO

from ledgerflux.errors import GatewayError, LedgerFluxError
from ledgerflux_cli.gateway_http import get_status
from ledgerflux_tui import view
from ledgerflux_tui.lines import Line, Style, text_of

if TYPE_CHECKING:
    from rich.live import Live as RichLive
    from rich.text import Text

    from ledgerflux.stack.run_dir import RunState

EVERY_S = 1.0
CLOSED: list[Line] = [[("the gateway wants an API key: lf up --token-file FILE", "warn")]]
SILENT: list[Line] = [[("the gateway does not answer", "bad")]]
RICH_STYLES: dict[Style, str] = {
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
    """Draws the status of a stack once a second until cancelled.

    Bounded: one quote for each product.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: RichLive | None = None
        self._quotes: dict[str, view.Quote] = {}
        self._before: dict[str, Any] | None = None
        self._before_s = 0.0

    async def run(self, state: "RunState") -> None:
        """Draw until cancelled; without a gateway there is nothing to draw."""
        if not state.gateways:
            return
        from ledgerflux.stack.handmade import believe

        believe(state.gateways)
        gateways = [gateway.http for gateway in state.gateways]
        if not self._stream.isatty() or os.environ.get("TERM") == "dumb":
            await self._append(gateways)
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_quotes(gateways))
            tasks.create_task(self._redraw(gateways))

    def above(self, text: str) -> bool:
        """Write a line above the live ones; say whether there are any."""
        if self._drawn is None:
            return False
        self._drawn.console.print(text, markup=False, highlight=False)
        return True

    async def _append(self, gateways: list[str]) -> None:
        while True:
            status = await _status(gateways)
            line = view.summary(status) if isinstance(status, dict) else status[0]
            self._stream.write(text_of(line) + "\n")
            self._stream.flush()
            await asyncio.sleep(EVERY_S)

    async def _redraw(self, gateways: list[str]) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        console = Console(file=self._stream, highlight=False)
        with RichLive(console=console, auto_refresh=False) as drawn:
            self._drawn = drawn
            try:
                while True:
                    lines = self._lines(await _status(gateways), gateways[0], console.width)
                    drawn.update(rich_text(lines), refresh=True)
                    await asyncio.sleep(EVERY_S)
            finally:
                self._drawn = None

    def _lines(self, status: "dict[str, Any] | list[Line]", gateway: str, width: int) -> list[Line]:
        if not isinstance(status, dict):
            return status
        now_s = time.monotonic()
        seconds = now_s - self._before_s
        tops = view.tops_of(status, self._quotes, before=self._before, seconds=seconds)
        self._before, self._before_s = status, now_s
        return [
            *view.summary_lines(status, width, gateway),
            *view.products_table(tops, width),
            *view.problems(status),
        ]

    async def _follow_quotes(self, gateways: list[str]) -> None:
        """Keep the newest price of each product."""
        from ledgerflux.client import Reconnected, connect

        while True:
            try:
                async with connect(gateways) as client:
                    await client.subscribe("ticker")
                    async for message in client:
                        if not isinstance(message, Reconnected) and message.type == "ticker":
                            newest = message.tickers()[-1]
                            self._quotes[message.product_id] = view.Quote(
                                newest.bid,
                                newest.bid_size,
                                newest.ask,
                                newest.ask_size,
                                newest.price,
                            )
            except LedgerFluxError:  # told by who asks for the status
                await asyncio.sleep(EVERY_S)


async def _status(gateways: list[str]) -> "dict[str, Any] | list[Line]":
    """Return the status as the first gateway that answers tells it, or why none does."""
    for gateway in gateways:
        try:
            return await asyncio.to_thread(get_status, gateway)
        except GatewayError:
            continue
        except LedgerFluxError:
            return CLOSED
    return SILENT


def rich_text(lines: list[Line]) -> "Text":
    """Return `lines` as one rich text."""
    from rich.text import Text

    text = Text(no_wrap=True, overflow="ellipsis")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for part, style in line:
            text.append(part, RICH_STYLES[style])
    return text
