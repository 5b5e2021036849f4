"""The tape of the market view: trades from a size on."""

from decimal import Decimal

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.tape import TapePanel
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.prices import digits
from ledgerflux_tui.present.tape import Trade, large_size, next_minimum, tape
from ledgerflux_tui.state.view_state import ViewState

NONE_SO_LARGE = "no trade of this size yet: m shows smaller ones"
LARGE_AMONG = 200
"""What is large is judged by so many of the newest trades."""


class MarketTapePanel(TapePanel):
    """Trades, newest first; small ones can be left out."""

    def __init__(self, id: str = "market-tape") -> None:  # noqa: A002 -- as in the library
        super().__init__(id)
        self.minimum = Decimal(0)
        self._product: str | None = None

    def title(self, state: ViewState) -> Line:
        """Return the smallest size shown, and whether any trades are missing."""
        line = super().title(state)
        if self.minimum:
            line.insert(1, (f" ≥ {digits(self.minimum)}", "warn"))
        return line

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the trades."""
        if state.tape.product != self._product:
            self._product, self.minimum = state.tape.product, Decimal(0)
        trades = _trades(state)
        if not trades:
            return message("no trade yet")
        lines = tape(
            trades,
            width,
            height,
            minimum=self.minimum,
            large=large_size(trades[:LARGE_AMONG]),
            ascii_only=self.board.options.ascii_only,
        )
        return lines if any(lines) else message(NONE_SO_LARGE)

    def act_market_minimum(self) -> None:
        """Leave out smaller trades, or none."""
        self.minimum = next_minimum(_trades(self.board.picture), self.minimum)
        self.board.pull(self)


def _trades(state: ViewState) -> list[Trade]:
    """Return the trades that are kept, newest first."""
    return [
        Trade(event.ts_exchange or event.ts_receive, event.price, event.size, event.side)
        for event in reversed(state.tape.trades)
    ]
