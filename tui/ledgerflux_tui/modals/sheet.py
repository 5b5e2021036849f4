"""A sheet above the view: lines that scroll, closed by escape or q."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.state.view_state import ViewState

if TYPE_CHECKING:
    from ledgerflux_tui.app import Dashboard


class SheetPanel(LinePanel):
    """Lines in a frame; more than fit are scrolled."""

    held = False
    dims = False

    def __init__(self, name: str, lines: list[Line]) -> None:
        super().__init__("sheet")
        self._title = name
        self._all = lines
        self.top = 0

    def title(self, state: ViewState) -> Line:
        """Return its name."""
        return [(self._title, "head")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the lines from the first shown on."""
        self.top = max(0, min(self.top, len(self._all) - height))
        return self._all[self.top : self.top + height]

    def show(self, lines: list[Line]) -> None:
        """Show other lines."""
        self._all = lines
        self.board.pull(self)

    def scroll(self, step: int) -> None:
        """Go so many lines down."""
        self.top += step
        self.board.pull(self)


class Sheet(ModalScreen[None]):
    """Shows lines until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]

    def __init__(self, name: str, lines: list[Line]) -> None:
        super().__init__()
        self._panel = SheetPanel(name, lines)

    def compose(self) -> ComposeResult:
        """Make the panel."""
        yield self._panel

    def action_scroll(self, step: int) -> None:
        """Go so many lines down."""
        self._panel.scroll(step)

    @property
    def board(self) -> "Dashboard":
        """Return the dashboard it stands on."""
        return self.app  # type: ignore[return-value]
