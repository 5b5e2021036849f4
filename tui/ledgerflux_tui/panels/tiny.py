"""What is shown where the terminal is too small for anything else."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.status_line import source_badge
from ledgerflux_tui.present.tiny import tiny_lines
from ledgerflux_tui.state.view_state import ViewState

WIDTH_MIN, HEIGHT_MIN = 50, 14


class TinyPanel(LinePanel):
    """The size there is and the size that is needed, and the facts that matter most."""

    frame = False
    dims = False
    hz = 2.0

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the message, in the middle."""
        told_ns, now_ns = state.pipeline.told_ns, state.clocks.now_ns
        market = state.markets.by_product.get(state.selected or "")
        facts: Line = [
            (f"{market.product} {market.last or '-'}  " if market else "", "plain"),
            (f"gaps {state.connection.gaps or 0}  ", "bad" if state.connection.gaps else "plain"),
            source_badge(state.connection, told_ns, now_ns, state.replay.speed),
        ]
        size = self.app.size
        ascii_only = self.board.options.ascii_only
        return tiny_lines(
            (size.width, size.height), (WIDTH_MIN, HEIGHT_MIN), facts, width, height,
            ascii_only=ascii_only,
        )  # fmt: skip
