"""What the keys of every view do; see `ledgerflux_tui.keys`."""

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui.keys import actions_of
from ledgerflux_tui.modals.palette import Entry, Palette
from ledgerflux_tui.modals.sheet import Sheet
from ledgerflux_tui.present.footer import help_lines
from ledgerflux_tui.themes import NAMES, following
from ledgerflux_tui.views.names import VIEW_TITLES

if TYPE_CHECKING:
    from ledgerflux_tui.app import Dashboard

AGAIN_NS = 2 * NANOS_PER_S
PALETTE_PRODUCTS_MAX = 500


class Acts:
    """One method an action, named `act_` and its id."""

    def __init__(self, board: "Dashboard") -> None:
        self._board = board
        self._asked_to_quit_ns = 0

    def act_app_quit(self) -> None:
        """Leave."""
        self._board.exit()

    def act_app_quit_twice(self) -> None:
        """Leave, if asked twice within 2 s."""
        now_ns = self._board.now_ns()
        if now_ns - self._asked_to_quit_ns < AGAIN_NS:
            self._board.exit()
        self._asked_to_quit_ns = now_ns
        self._board.say("ctrl+c again leaves the dashboard")

    def act_app_help(self) -> None:
        """Show every key of this view."""
        board = self._board
        title = VIEW_TITLES[board.view]
        lines = help_lines(board.view, title, read_only=board.options.read_only)
        board.push_screen(Sheet(f"Keys of {title}", lines))

    def act_app_palette(self) -> None:
        """Ask what to do, and do it."""
        self._board.push_screen(Palette(self._entries()), _run)

    def act_app_freeze(self) -> None:
        """Hold the picture, or let it go on."""
        board = self._board
        if board.held is None:
            board.hold()
        else:
            board.let_go()
        board.pull_all()

    def act_app_theme(self) -> None:
        """Take the next theme."""
        self._take_theme(following(self._board.theme))

    def act_app_screenshot(self) -> None:
        """Write the screen as an SVG."""
        self._write("svg", self._board.as_svg())

    def act_app_back(self) -> None:
        """Give a full panel back, take a filter away, or go back."""
        board = self._board
        view = board.current_view
        if view.has_class("-full"):
            view.remove_class("-full")
            return
        reset: Callable[[], bool] | None = getattr(view, "act_list_reset", None)
        if reset is not None and reset():
            return
        board.show(board.view_before)

    def act_panel_copy(self) -> None:
        """Copy the chosen row, or the panel."""
        panel = self._board.current_view.current
        own: Callable[[], str] | None = getattr(panel, "copy_text", None)
        text = (own() if own is not None else "") or "\n".join(
            line.strip() for line in panel.texts()
        )
        self._board.copy_to_clipboard(text)
        self._board.say("copied")

    def act_panel_export(self) -> None:
        """Write the panel's rows as CSV and JSON."""
        rows = self._board.current_view.current.export_rows(self._board.picture)
        if not rows:
            self._board.say("this panel has no rows to export")
            return
        self._write("json", json.dumps(rows, default=list, indent=1) + "\n")
        self._write("csv", as_csv(rows))

    def _write(self, kind: str, text: str) -> None:
        board = self._board
        stamp = board.now_ns() // 1_000_000
        path = Path(f"lf-{board.view}-{board.current_view.current.id}-{stamp}.{kind}")
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            board.say(f"not written: {error.strerror or error}")
        else:
            board.say(f"wrote {path}")

    def _take_theme(self, name: str) -> None:
        self._board.theme = name
        self._board.say(f"theme {name}")

    def _entries(self) -> list[Entry]:
        board = self._board
        entries = [
            Entry(action.word.lower(), action.help, partial(board.act, action.id))
            for action in actions_of(board.view, read_only=board.options.read_only)
            if action.id not in ("app.palette", "app.quit_twice")
        ]
        products = sorted(board.state.markets.by_product)[:PALETTE_PRODUCTS_MAX]
        entries += [
            Entry(product, "show its book and trades", partial(board.select, product))
            for product in products
        ]
        entries += [
            Entry(f"theme {name}", "take this theme", partial(self._take_theme, name))
            for name in NAMES
        ]
        return entries


def _run(entry: Entry | None) -> None:
    if entry is not None:
        entry.run()


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV with a line of titles."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
