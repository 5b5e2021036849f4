"""The list of markets: filter, order, and the product whose details are shown."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.list_panel import ListPanel
from ledgerflux_tui.present.columns import Placed, column_at, head_line
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.markets import (
    SORTS,
    Arrangement,
    arranged,
    columns_of,
    market_line,
)
from ledgerflux_tui.state.markets import Market
from ledgerflux_tui.state.view_state import ViewState

NO_MARKETS = "no product is served yet"
NO_MATCH = "no product matches: esc takes the filter away"


class MarketsPanel(ListPanel):
    """All products; the chosen one is the product of every other panel."""

    def __init__(self, id: str = "markets") -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self.arrangement = Arrangement()
        self._listed: list[Market] = []
        self._columns: list[Placed] = []

    def title(self, state: ViewState) -> Line:
        """Return how many there are, and what they are filtered by."""
        count = len(state.markets.by_product)
        line: Line = [(f"Markets {count}", "head")]
        if self.arrangement.filter:
            line[0] = (f"Markets {len(self._listed)} of {count}", "head")
            line.append((f" / {self.arrangement.filter}", "warn"))
        return line

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the titles and as many markets as fit, the chosen one among them."""
        self._listed = arranged(state.markets.by_product.values(), self.arrangement)
        if not self._listed:
            return message(NO_MATCH if state.markets.by_product else NO_MARKETS)
        names = [market.product for market in self._listed]
        if state.selected in names:
            self.cursor.at = names.index(state.selected)
        shown = self.cursor.fit(len(names), height - 1)
        self._columns = columns_of(self._listed, width)
        ascii_only = self.board.options.ascii_only
        return [
            head_line(self._columns, self.arrangement.sort, reverse=self.arrangement.reverse),
            *(
                market_line(
                    self._listed[at],
                    self._columns,
                    state.clocks.now_ns,
                    chosen=self._listed[at].product == state.selected,
                    ascii_only=ascii_only,
                )
                for at in shown
            ),
        ]

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return the listed markets as they are now."""
        names = ("product", "last", "bid", "bid_size", "ask", "ask_size", "state", "integrity",
                 "shard", "rate")  # fmt: skip
        return [{name: getattr(market, name) for name in names} for market in self._listed]

    def copy_text(self) -> str:
        """Return the chosen product's prices, tab by tab."""
        rows = [row for row in self.export_rows(self.board.picture)
                if row["product"] == self.board.picture.selected]  # fmt: skip
        return "\t".join(str(value) for row in rows for value in row.values() if value is not None)

    # -- keys and mouse --------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Return how many markets are listed."""
        return len(self._listed)

    def choose(self, at: int) -> None:
        """Show the details of a listed market."""
        self.board.select(self._listed[at].product)

    def act_list_filter(self) -> None:
        """Ask for a filter, and use it while it is typed."""
        self.board.ask_filter(self.arrangement.filter, self.set_filter)

    def set_filter(self, text: str) -> None:
        """Show only what matches `text`."""
        self.arrangement = self.arrangement._replace(filter=text)
        self.board.pull(self)

    def act_list_reset(self) -> bool:
        """Take the filter away; say whether there was one."""
        had = bool(self.arrangement.filter)
        self.set_filter("")
        return had

    def act_list_sort(self) -> None:
        """Sort by the next column."""
        at = SORTS.index(self.arrangement.sort)
        self._sort(SORTS[(at + 1) % len(SORTS)])

    def act_list_reverse(self) -> None:
        """Turn the order round."""
        self.arrangement = self.arrangement._replace(reverse=not self.arrangement.reverse)
        self.board.pull(self)

    def _sort(self, name: str) -> None:
        reverse = name == self.arrangement.sort and not self.arrangement.reverse
        self.arrangement = self.arrangement._replace(sort=name, reverse=reverse)
        self.board.pull(self)

    def title_clicked(self, x: int) -> None:
        """Sort by what was clicked."""
        name = column_at(self._columns, x)
        if name in SORTS:
            self._sort(name)
