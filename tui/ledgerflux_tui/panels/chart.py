"""The candles of the selected product, with volume."""

from ledgerflux.core.terms import INTERVAL_DEFAULT, INTERVAL_S, Interval
from ledgerflux.model.units import parse_time_ns
from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.candles import Bar, candles
from ledgerflux_tui.state.view_state import ViewState

INTERVALS: tuple[Interval, ...] = tuple(INTERVAL_S)


class ChartPanel(LinePanel):
    """As many bars as there are columns, the newest at the right."""

    hz = 2.0

    def title(self, state: ViewState) -> Line:
        """Return the interval, and the newest bar's figures."""
        bars = state.candles.bars() if state.candles.product == state.selected else []
        line: Line = [(f"{self._interval(state)} candles", "head")]
        if not bars:
            return line
        newest = bars[-1]
        if not newest.whole:
            line.append((" not whole", "warn"))
        figures = f" · o {newest.open} h {newest.high} l {newest.low} c {newest.close}"
        return [*line, (figures, "dim")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the bars."""
        known = state.candles.bars() if state.candles.product == state.selected else []
        bars = [
            Bar(
                parse_time_ns(bar.start) or 0,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.volume,
                closed=bar.closed,
                whole=bar.whole,
            )
            for bar in known[-width:]
        ]
        seconds = INTERVAL_S[self._interval(state)]
        ascii_only = self.board.options.ascii_only
        return candles(bars, width, height, interval_s=seconds, ascii_only=ascii_only)

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return the bars that are known, oldest first."""
        names = ("start", "open", "high", "low", "close", "volume", "trades", "vwap", "closed",
                 "whole")  # fmt: skip
        return [{name: getattr(bar, name) for name in names} for bar in state.candles.bars()]

    def _interval(self, state: ViewState) -> Interval:
        return next((one for one in INTERVALS if one == state.candles.interval), INTERVAL_DEFAULT)

    # -- keys ----------------------------------------------------------------------------------

    def act_market_shorter(self) -> None:
        """Show bars of a shorter time."""
        self._step(-1)

    def act_market_longer(self) -> None:
        """Show bars of a longer time."""
        self._step(1)

    def _step(self, by: int) -> None:
        wish = self.board.following.focus
        at = INTERVALS.index(wish.interval) + by
        if 0 <= at < len(INTERVALS):
            self.board.following.look_at(wish._replace(interval=INTERVALS[at]))
        self.board.pull(self)
