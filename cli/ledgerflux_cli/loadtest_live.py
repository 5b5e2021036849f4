"""The live screen of a load test: redrawn in place on a terminal, else one line in a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from ledgerflux_cli.live import rich_text
from ledgerflux_cli.loadtest_lines import live_lines
from ledgerflux_tui.lines import text_of

if TYPE_CHECKING:
    from rich.live import Live as RichLive

    from ledgerflux.loadtest.run import View

PLAIN_EVERY_S = 5.0


class Screen:
    """Shows views; `wanted` False shows nothing."""

    def __init__(self, stream: TextIO, *, wanted: bool) -> None:
        self._stream = stream
        self._wanted = wanted
        self._drawn: RichLive | None = None
        self._next_s = 0.0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hold the terminal while the test runs."""
        if not self._wanted or not self._stream.isatty() or os.environ.get("TERM") == "dumb":
            yield
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, highlight=False)
        with Live(console=console, auto_refresh=False, transient=True) as drawn:
            self._drawn = drawn
            try:
                yield
            finally:
                self._drawn = None

    def show(self, view: "View") -> None:
        """Show what is known now."""
        if not self._wanted:
            return
        if self._drawn is not None:
            self._drawn.update(rich_text(live_lines(view)), refresh=True)
        elif view.seconds >= self._next_s:
            self._next_s = view.seconds - view.seconds % PLAIN_EVERY_S + PLAIN_EVERY_S
            self._stream.write(text_of(live_lines(view)[0]) + "\n")
            self._stream.flush()
