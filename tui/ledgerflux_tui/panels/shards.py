"""The shards as a table, and the chosen one in detail."""

from dataclasses import asdict

from ledgerflux_tui.lines import Line, Style
from ledgerflux_tui.panels.list_panel import ChosenPanel, ListPanel
from ledgerflux_tui.present.columns import Placed, column_at, head_line
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.shards import (
    SORTS,
    Order,
    detail_lines,
    in_order,
    shard_columns,
    shard_line,
)
from ledgerflux_tui.present.states import states_line
from ledgerflux_tui.state.shards import History, ShardRow
from ledgerflux_tui.state.view_state import ViewState

NO_SHARDS = "no shard is known yet"


class ShardsPanel(ListPanel):
    """One line a shard; the chosen one is the one of the detail."""

    def __init__(self, id: str) -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self.order = Order()
        self.chosen: int | None = None
        self._listed: list[ShardRow] = []
        self._columns: list[Placed] = []

    def title(self, state: ViewState) -> Line:
        """Return how many are in which state."""
        rows = state.shards.rows
        if not rows:
            return [("Shards", "head")]
        counted = states_line(row.state for row in rows)
        ready = sum(row.state == "ready" for row in rows)
        style: Style = "good" if ready == len(rows) else "warn"
        return [(f"Shards {ready}/{len(rows)}", "head"), (f"  {counted}", style)]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the titles and as many shards as fit, the chosen one among them."""
        self._listed = in_order(state.shards.rows, self.order)
        if not self._listed:
            return message(NO_SHARDS)
        numbers = [row.shard for row in self._listed]
        if self.chosen in numbers:
            self.cursor.at = numbers.index(self.chosen)
        shown = self.cursor.fit(len(numbers), height - 1)
        self.chosen = numbers[self.cursor.at]
        self._columns = shard_columns(width)
        ascii_only = self.board.options.ascii_only
        return [
            head_line(self._columns, self.order.sort, reverse=self.order.reverse),
            *(
                shard_line(
                    self._listed[at],
                    self._columns,
                    width,
                    state.clocks.now_ns,
                    chosen=numbers[at] == self.chosen,
                    ascii_only=ascii_only,
                )
                for at in shown
            ),
        ]

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return the listed shards as they are now."""
        return [
            {**asdict(row), "last_exit": row.last_exit.word if row.last_exit else None}
            for row in in_order(state.shards.rows, self.order)
        ]

    def copy_text(self) -> str:
        """Return what is known of the chosen shard, tab by tab."""
        rows = self.export_rows(self.board.picture)
        found = next((row for row in rows if row["shard"] == self.chosen), {})
        return "\t".join(_plain(value) for value in found.values() if value not in (None, ""))

    # -- keys and mouse --------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Return how many shards are listed."""
        return len(self._listed)

    def choose(self, at: int) -> None:
        """Show a listed shard in detail."""
        self.chosen = self._listed[at].shard
        self.board.pull_all()

    def act_shards_restart(self) -> None:
        """Ask whether the chosen shard's service is to be started anew."""
        row = next((row for row in self._listed if row.shard == self.chosen), None)
        if row is not None:
            names = ", ".join(row.products)
            cost = (
                f"{names}: nothing new until it has caught up." if names else "It has no products."
            )
            self.board.orders.restart(row.owner, cost)

    def act_list_sort(self) -> None:
        """Sort by the next column that is shown."""
        shown = [at.column.name for at in self._columns if at.column.name in SORTS]
        at = shown.index(self.order.sort) if self.order.sort in shown else -1
        if shown:
            self._sort(Order(shown[(at + 1) % len(shown)]))

    def act_list_reverse(self) -> None:
        """Turn the order round."""
        self._sort(Order(self.order.sort, not self.order.reverse))

    def _sort(self, order: Order) -> None:
        self.order = order
        self.board.pull(self)

    def title_clicked(self, x: int) -> None:
        """Sort by what was clicked, the other way round by what it is sorted by."""
        name = column_at(self._columns, x)
        if name in SORTS:
            again = name == self.order.sort
            self._sort(Order(name, not self.order.reverse if again else False))


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


class ShardDetailPanel(ChosenPanel[ShardsPanel]):
    """The shard that is chosen in `table`: its products, its last minute, its last restart."""

    def _row(self, state: ViewState) -> ShardRow | None:
        rows = state.shards.rows
        return next((row for row in rows if row.shard == self.table.chosen), None)

    def title(self, state: ViewState) -> Line:
        """Return whose it is."""
        row = self._row(state)
        return [(row.owner if row else "Shard", "head")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return what is known of the chosen shard."""
        row = self._row(state)
        if row is None:
            return message(NO_SHARDS)
        history = state.shards.history.get(row.shard) or History()
        ascii_only = self.board.options.ascii_only
        now_ns = state.clocks.now_ns
        lines = detail_lines(row, history, width, now_ns, height=height, ascii_only=ascii_only)
        return lines[:height]
