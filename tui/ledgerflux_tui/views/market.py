"""One product: its book with a cursor, its candles, its trades, and how far to trust the book."""

from textual.app import ComposeResult

from ledgerflux_tui.panels.book_health import BookHealthPanel
from ledgerflux_tui.panels.chart import ChartPanel
from ledgerflux_tui.panels.depth import DepthPanel
from ledgerflux_tui.panels.market_tape import MarketTapePanel
from ledgerflux_tui.views.base import View


class MarketView(View):
    """Four panels of the selected product; their keys work whichever of them has the focus."""

    NAME = "market"

    def compose(self) -> ComposeResult:
        """Make the panels."""
        yield DepthPanel()
        yield ChartPanel("chart")
        yield MarketTapePanel()
        yield BookHealthPanel("book-health")

    @property
    def _depth(self) -> DepthPanel:
        return self.query_one(DepthPanel)

    @property
    def _chart(self) -> ChartPanel:
        return self.query_one(ChartPanel)

    def act_market_layout(self) -> None:
        """Show the book stacked, or as a DOM."""
        self._depth.act_market_layout()

    def act_market_depth(self) -> None:
        """Show more levels."""
        self._depth.act_market_depth()

    def act_market_finer(self) -> None:
        """Group prices less."""
        self._depth.act_market_finer()

    def act_market_coarser(self) -> None:
        """Group prices more."""
        self._depth.act_market_coarser()

    def act_market_centre(self) -> None:
        """Take the cursor away."""
        self._depth.act_market_centre()

    def act_market_shorter(self) -> None:
        """Show bars of a shorter time."""
        self._chart.act_market_shorter()

    def act_market_longer(self) -> None:
        """Show bars of a longer time."""
        self._chart.act_market_longer()

    def act_market_minimum(self) -> None:
        """Leave small trades out."""
        self.query_one(MarketTapePanel).act_market_minimum()

    def act_move_up(self) -> None:
        """Point at the level above."""
        self._depth.act_move_up()

    def act_move_down(self) -> None:
        """Point at the level below."""
        self._depth.act_move_down()
