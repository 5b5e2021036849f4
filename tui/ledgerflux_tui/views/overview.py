"""The overview: all markets, one product's book and trades, and how the stack does."""

from textual.app import ComposeResult

from ledgerflux_tui.panels.book import BookPanel
from ledgerflux_tui.panels.markets import MarketsPanel
from ledgerflux_tui.panels.shards import ShardsPanel
from ledgerflux_tui.panels.strip import StripPanel
from ledgerflux_tui.panels.tape import TapePanel
from ledgerflux_tui.views.base import View


class OverviewView(View):
    """Five panels; below 120 columns the last two become one line."""

    NAME = "overview"

    def compose(self) -> ComposeResult:
        """Make the panels."""
        yield MarketsPanel()
        yield BookPanel("book")
        yield TapePanel("tape")
        yield ShardsPanel("shards-small")
        yield StripPanel("strip")

    @property
    def _markets(self) -> MarketsPanel:
        return self.query_one(MarketsPanel)

    def act_market_open(self) -> None:
        """Show the chosen market in a view of its own."""
        self._markets.board.show("market")

    def act_list_filter(self) -> None:
        """Filter the markets, whichever panel has the keys."""
        self._markets.act_list_filter()

    def act_list_sort(self) -> None:
        """Sort the markets."""
        self._markets.act_list_sort()

    def act_list_reverse(self) -> None:
        """Turn their order round."""
        self._markets.act_list_reverse()

    def act_list_reset(self) -> bool:
        """Take their filter away; say whether there was one."""
        return self._markets.act_list_reset()
