"""The two lines that are always there: the status on top, the keys at the bottom."""

from ledgerflux_tui.keys import actions_of
from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.footer import footer_line
from ledgerflux_tui.present.status_line import status_line
from ledgerflux_tui.state.view_state import ViewState


class BarPanel(LinePanel):
    """One line of now, without a frame; it goes on while the picture is frozen."""

    frame = False
    held = False
    dims = False
    hz = 5.0


class StatusBar(BarPanel):
    """Where it comes from, how it does, the time."""

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the line."""
        ascii_only = self.board.options.ascii_only
        return [status_line(state, width, held=self.board.held, ascii_only=ascii_only)]


class FooterBar(BarPanel):
    """The keys of the view, and for a while what an action has to say."""

    hz = 2.0

    def __init__(self, id: str) -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self._ids: list[str] = []

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the line."""
        board = self.board
        actions = actions_of(board.view, read_only=board.options.read_only)
        line, self._ids = footer_line(actions, width, board.note)
        return [line]

    def clicked(self, x: int, y: int) -> None:
        """Do what stands there."""
        if 0 <= x < len(self._ids):
            self.board.act(self._ids[x])
