"""The base of every panel: pulls lines from the state and paints the rows that changed.

A panel is pulled by the one clock; nothing is pushed to it. What a row shows is compared with
what it showed before, and only rows that differ are painted anew.
"""

from time import thread_time
from typing import TYPE_CHECKING, ClassVar, get_args

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ledgerflux_tui.lines import Line, Style
from ledgerflux_tui.present.durations import dimmed
from ledgerflux_tui.present.frame import fit, framed, inside, marked
from ledgerflux_tui.present.fresh import is_old, old_mark
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.state.view_state import ViewState

if TYPE_CHECKING:
    from ledgerflux_tui.app import Dashboard

STYLES: tuple[Style, ...] = get_args(Style)


class LinePanel(Widget):
    """Lines in a frame, drawn by the line.

    A subclass says `title` and `content`. Its methods named `act_...` are what keys do while it
    has the focus (see `ledgerflux_tui.keys`).
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{style}" for style in STYLES}
    ALLOW_SELECT = False
    hz: ClassVar[float] = 10.0
    """How often it is pulled, at most."""
    frame: ClassVar[bool] = True
    """Whether it has a frame; one without takes no focus."""
    held: ClassVar[bool] = True
    """Whether it stands still while the picture is frozen."""
    dims: ClassVar[bool] = True
    """Whether it is dimmed while the gateway is gone."""

    def __init__(self, id: str) -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id=id)
        self.can_focus = self.frame
        self._rows: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._looks: dict[Style, RichStyle] = {}

    # -- what a panel says -----------------------------------------------------------------

    def title(self, state: ViewState) -> Line:
        """Return what stands in its frame."""
        return [(str(self.id), "head")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return what it shows, in at most `height` lines of `width` cells."""
        raise NotImplementedError

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return its rows for a file; nothing where it has none."""
        return []

    # -- painting --------------------------------------------------------------------------

    @property
    def board(self) -> "Dashboard":
        """Return the dashboard it is part of."""
        return self.app  # type: ignore[return-value]

    def pull(self, state: ViewState) -> None:
        """Take what is to be shown; ask for the rows that differ to be painted."""
        width, height = self.size
        if not width or not height:
            return
        rows = self.draw(state, width, height)
        before, self._rows = self._rows, rows
        dirty = [
            at
            for at in range(max(len(rows), len(before)))
            if at >= len(before) or at >= len(rows) or rows[at] != before[at]
        ]
        if dirty:
            for at in dirty:
                self._strips.pop(at, None)
            self.refresh(*(Region(0, at, width, 1) for at in dirty))

    def draw(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return all lines of the panel, of exactly `width` cells; in a frame exactly `height`."""
        ascii_only = self.board.options.ascii_only
        if self.frame:
            drawn = self._framed(state, width, height, ascii_only=ascii_only)
        else:
            lines = self._dim(state, self.content(state, width, height))
            drawn = [fit(line, width, ascii_only=ascii_only) for line in lines[:height]]
        return in_ascii(drawn) if ascii_only else drawn

    def _framed(self, state: ViewState, width: int, height: int, *, ascii_only: bool) -> list[Line]:
        room = inside(width, height)
        lines = self._dim(state, self.content(state, *room))
        title = self.title(state)
        mark = old_mark(state) if self.dims else None
        if mark is not None:
            title = marked(dimmed([title])[0], mark, width - 6, ascii_only=ascii_only)
        focused = self.board.is_current(self)
        return framed(title, lines, width, height, focused=focused, ascii_only=ascii_only)

    def _dim(self, state: ViewState, lines: list[Line]) -> list[Line]:
        return dimmed(lines) if self.dims and is_old(state) else lines

    def texts(self) -> list[str]:
        """Return its lines as they were pulled last, without their styles."""
        return ["".join(text for text, _ in line) for line in self._rows]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint, and count how long that takes."""
        begun_s = thread_time()
        strips = super().render_lines(crop)
        self.board.painted_s += thread_time() - begun_s
        return strips

    def render_line(self, y: int) -> Strip:
        """Return one row, as painted before where it is the same."""
        strip = self._strips.get(y)
        if strip is None:
            line = self._rows[y] if y < len(self._rows) else []
            segments = [Segment(text, self._look(style)) for text, style in line]
            # The library would measure every text, and remember thousands of them.
            cells = sum(len(text) for text, _ in line)
            strip = Strip(segments, cells).adjust_cell_length(self.size.width, self._look("plain"))
            self._strips[y] = strip
        return strip

    def _look(self, style: Style) -> RichStyle:
        found = self._looks.get(style)
        if found is None:
            found = self._looks[style] = self.get_component_rich_style(f"line--{style}")
        return found

    def notify_style_update(self) -> None:
        """Forget what was painted in other colours."""
        super().notify_style_update()
        self._looks.clear()
        self._strips.clear()

    def on_resize(self) -> None:
        """Fill the new size at once."""
        self._strips.clear()
        self._rows = []
        self.board.pull(self)

    def on_focus(self) -> None:
        """Show who has the keys."""
        self.board.focused_panel(self)

    # -- the mouse -------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Hand on where in its content it was clicked."""
        edge = 1 if self.frame else 0
        margin = edge + (1 if self.frame and self.size.width > 60 else 0)
        self.clicked(event.x - margin, event.y - edge)

    def clicked(self, x: int, y: int) -> None:
        """Its content was clicked at column `x` of line `y`."""

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down in it."""
        event.stop()
        self.board.act("move.down", self)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up in it."""
        event.stop()
        self.board.act("move.up", self)
