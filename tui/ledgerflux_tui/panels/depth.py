"""The book of the market view: DOM or stacked, grouped by price, with a cursor that reads out."""

from collections.abc import Mapping
from decimal import Decimal

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.book import WAITING, why_not
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.axis import Axis, Look, axis_of, moved, price_at
from ledgerflux_tui.present.dom import dom
from ledgerflux_tui.present.durations import dimmed
from ledgerflux_tui.present.flashes import Flashes
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.ladder import ladder
from ledgerflux_tui.present.levels import group_widths
from ledgerflux_tui.present.prices import decimals, digits
from ledgerflux_tui.sources.base import Focus
from ledgerflux_tui.state.books import BookView
from ledgerflux_tui.state.view_state import ViewState
from ledgerflux_tui.view import state_style

DEPTHS = (5, 10, 20, 50)
"""Levels of a side that may be shown."""
DOM_WIDTH_MIN = 50
"""A narrower panel begins with the stacked book."""
PAGE = 10


class DepthPanel(LinePanel):
    """One book, as deep as asked; up and down move the cursor from level to level."""

    def __init__(self, id: str = "depth") -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self.depth = 20
        self.stacked: bool | None = None
        self.group_at = 0
        self.cursor: Decimal | None = None
        self._product: str | None = None
        self._flashes = Flashes()

    # -- what it shows -----------------------------------------------------------------------

    def title(self, state: ViewState) -> Line:
        """Return the product, how its book does, and how it is looked at."""
        book = state.books.of(state.selected)
        kind = "book" if self.is_stacked else "DOM"
        name = f"{state.selected} {kind}" if state.selected else "Book"
        if book is None:
            return [(name, "head")]
        line: Line = [(name + " ", "head"), (book.state, state_style(book.state))]
        if book.state == "live" and book.integrity == "none":
            line.append((" unproven", "warn"))
        group = self._group(book)
        words = [f"depth {self.depth}", f"group {digits(group)}" if group else "ungrouped"]
        market = state.markets.by_product.get(book.product)
        if market is not None and market.shard is not None:
            words.append(f"shard {market.shard}")
        return [*line, (" · " + " · ".join(words), "dim")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the book; one that is not live is greyed, and says why."""
        book = self._book(state)
        if book is None:
            return message(WAITING if state.selected else "choose a product")
        draw = ladder if self.is_stacked else dom
        if not book.live:
            look = self._look_at(book, state)
            picture = draw(book.bids, book.asks, width, height - 1, look)
            return [[(why_not(book, state.clocks.now_ns), "bad")], *dimmed(picture)]
        before = self._flashes.before(book.product, book.told_ns, (*book.bids, *book.asks))
        still = self.app.animation_level == "none"
        look = self._look_at(book, state, None if still else before)
        return draw(book.bids, book.asks, width, height, look)

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return the levels or groups that are shown, bids first, each best first."""
        book = self._book(state)
        axis = None if book is None else self._axis(book, state)
        return [
            {
                "side": row.side,
                "price": format(row.step.price, "f"),
                "size": format(row.step.size, "f"),
                "cum": format(row.step.cum, "f"),
            }
            for row in ((*axis.bids, *axis.asks) if axis is not None else ())
        ]

    def copy_text(self) -> str:
        """Return the level at the cursor, tab by tab; nothing without one."""
        book = self._book(self.board.picture)
        axis = None if book is None else self._axis(book, self.board.picture)
        row = None if axis is None else axis.at(axis.position(self.cursor) or 0)
        if row is None:
            return ""
        return "\t".join((row.side, *(format(number, "f") for number in row.step)))

    @property
    def is_stacked(self) -> bool:
        """Say whether the sides stand above each other, as chosen or as there is room."""
        return self.size.width < DOM_WIDTH_MIN if self.stacked is None else self.stacked

    def wish(self, wish: Focus) -> Focus:
        """Return how much of the book must be asked for: groups are made of many levels."""
        if self.group_at:
            return wish._replace(depth=500)
        return wish._replace(depth=50 if self.depth > 25 else 25)

    def _book(self, state: ViewState) -> BookView | None:
        if state.selected != self._product:
            self._product = state.selected
            self.cursor, self.group_at = None, 0
        book = state.books.of(state.selected)
        return book if book is not None and (book.bids or book.asks) else None

    def _group(self, book: BookView) -> Decimal | None:
        if not self.group_at:
            return None
        best = (*book.bids[:5], *book.asks[:5])
        places = max((decimals(price) for price, _ in best), default=0)
        return group_widths(places)[self.group_at]

    def _look_at(
        self, book: BookView, state: ViewState, before: Mapping[str, str] | None = None
    ) -> Look:
        market = state.markets.by_product.get(book.product)
        levels = max(len(book.bids), len(book.asks))
        return Look(
            depth=self.depth,
            group=self._group(book),
            cut=isinstance(book.depth, int) and levels >= book.depth,
            last=None if market is None else market.last,
            cursor=self.cursor,
            unit=book.product.partition("-")[0],
            before=before,
            ascii_only=self.board.options.ascii_only,
        )

    def _axis(self, book: BookView, state: ViewState) -> Axis:
        return axis_of(book.bids, book.asks, self._look_at(book, state))

    # -- keys and mouse ----------------------------------------------------------------------

    def _move(self, by: int) -> None:
        state = self.board.picture
        book = self._book(state)
        if book is not None:
            self.cursor = moved(self._axis(book, state), self.cursor, by)
            self.board.pull(self)

    def act_move_up(self) -> None:
        """Point at the level above."""
        self._move(-1)

    def act_move_down(self) -> None:
        """Point at the level below."""
        self._move(1)

    def act_move_page_up(self) -> None:
        """Point ten levels higher."""
        self._move(-PAGE)

    def act_move_page_down(self) -> None:
        """Point ten levels lower."""
        self._move(PAGE)

    def act_move_first(self) -> None:
        """Point at the highest price."""
        self._move(-2 * self.depth)

    def act_move_last(self) -> None:
        """Point at the lowest price."""
        self._move(2 * self.depth)

    def act_market_layout(self) -> None:
        """Show the sides above each other, or on one axis."""
        self.stacked = not self.is_stacked
        self.board.pull(self)

    def act_market_depth(self) -> None:
        """Show more levels; after the most, few again."""
        self.depth = DEPTHS[(DEPTHS.index(self.depth) + 1) % len(DEPTHS)]
        self.board.following.look_at(self.wish(self.board.following.focus))
        self.board.pull(self)

    def act_market_finer(self) -> None:
        """Group prices less."""
        self._regroup(-1)

    def act_market_coarser(self) -> None:
        """Group prices more."""
        self._regroup(1)

    def _regroup(self, step: int) -> None:
        self.group_at = max(0, min(self.group_at + step, len(group_widths(0)) - 1))
        self.cursor = None
        self.board.following.look_at(self.wish(self.board.following.focus))
        self.board.pull(self)

    def act_market_centre(self) -> None:
        """Take the cursor away: the spread is in the middle again."""
        self.cursor = None
        self.board.pull(self)

    def clicked(self, x: int, y: int) -> None:
        """Point at the level that was clicked."""
        state = self.board.picture
        book = self._book(state)
        if book is None:
            return
        above = 0 if book.live else 1
        height = self.size.height - 2 - above
        look = self._look_at(book, state)
        price = price_at(self._axis(book, state), height, look, y - above)
        if price is not None:
            self.cursor = price
            self.board.pull(self)
