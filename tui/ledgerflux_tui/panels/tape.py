"""The trades of the selected product, newest on top."""

from itertools import islice

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.tape import Trade, large_size, tape
from ledgerflux_tui.state.view_state import ViewState


class TapePanel(LinePanel):
    """As many trades as there are lines."""

    def title(self, state: ViewState) -> Line:
        """Return whose they are, and whether any are missing."""
        line: Line = [(f"Trades {state.tape.product or ''}".rstrip(), "head")]
        if state.tape.gaps_total:
            line.append((f" gaps {state.tape.gaps_total}", "bad"))
        return line

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the trades."""
        if not state.tape.trades:
            return message("no trade yet")
        trades = [
            Trade(event.ts_exchange or event.ts_receive, event.price, event.size, event.side)
            for event in islice(reversed(state.tape.trades), max(2 * height, 100))
        ]
        large = large_size(trades)
        ascii_only = self.board.options.ascii_only
        return tape(trades, width, height, large=large, ascii_only=ascii_only)

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return the trades that are kept, oldest first."""
        names = ("ts_exchange", "ts_receive", "seq", "trade_id", "side", "price", "size")
        return [{name: getattr(trade, name) for name in names} for trade in state.tape.trades]
