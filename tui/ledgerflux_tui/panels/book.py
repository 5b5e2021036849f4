"""The book of the selected product, stacked, as deep as there is room."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.axis import Look
from ledgerflux_tui.present.durations import age_ns, dimmed, duration
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.ladder import ladder
from ledgerflux_tui.state.books import BookView
from ledgerflux_tui.state.view_state import ViewState
from ledgerflux_tui.view import state_style

WAITING = "waiting for its first snapshot"


class BookPanel(LinePanel):
    """Asks above, bids below, and how far to trust them in the title."""

    def title(self, state: ViewState) -> Line:
        """Return the product, its book's state and, where nothing proves it, that."""
        book = state.books.of(state.selected)
        if book is None:
            return [(f"{state.selected} book" if state.selected else "Book", "head")]
        line: Line = [(f"{book.product} book ", "head"), (book.state, state_style(book.state))]
        if book.state == "live" and book.integrity == "none":
            line.append((" unproven", "warn"))
        return line

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the ladder; that of a book which is not live is greyed."""
        book = state.books.of(state.selected)
        if book is None or not (book.bids or book.asks):
            return message(WAITING if state.selected else "choose a product")
        look = Look(ascii_only=self.board.options.ascii_only)
        if book.live:
            return ladder(book.bids, book.asks, width, height, look)
        return [
            [(why_not(book, state.clocks.now_ns), "bad")],
            *dimmed(ladder(book.bids, book.asks, width, height - 1, look)),
        ]

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return its levels, bids first, each best first."""
        book = state.books.of(state.selected)
        if book is None:
            return []
        sides = (("bid", book.bids), ("ask", book.asks))
        return [
            {"side": side, "price": price, "size": size}
            for side, levels in sides
            for price, size in levels
        ]


def why_not(book: BookView, now_ns: int) -> str:
    """Return why a book is not to be trusted."""
    cause = f" ({book.gap_cause})" if book.gap_cause else ""
    return f"{book.state.upper()}{cause}, told {duration(age_ns(book.told_ns, now_ns))} ago"
