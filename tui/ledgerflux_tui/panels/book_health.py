"""How far the book of the selected product may be trusted."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.durations import age_ns
from ledgerflux_tui.present.health_of_book import BookHealth, health_of_book
from ledgerflux_tui.state.view_state import ViewState


class BookHealthPanel(LinePanel):
    """State, proof, number, checksum, ages and gaps."""

    hz = 5.0

    def title(self, state: ViewState) -> Line:
        """Return its name."""
        return [("Book health", "head")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return what is known."""
        ascii_only = self.board.options.ascii_only
        return health_of_book(known(state), width, height, ascii_only=ascii_only)

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return what is known, in one row."""
        return [known(state)._asdict()]


def known(state: ViewState) -> BookHealth:
    """Return what the state knows of the selected book."""
    book = state.books.of(state.selected)
    if book is None or book.told_ns is None:
        return BookHealth()
    market = state.markets.by_product.get(book.product)
    now_ns = state.clocks.now_ns
    return BookHealth(
        state=book.state,
        integrity=book.integrity,
        seq=book.seq,
        epoch=book.epoch,
        checksum_ok=True if book.proved else None,
        snapshot_age_ns=age_ns(book.snapshot_ns, now_ns),
        age_ns=age_ns(book.told_ns, now_ns),
        levels=len(book.bids) + len(book.asks),
        gaps=book.gaps_total,
        resyncs=max(0, book.snapshots_total - 1),
        rate=None if market is None else market.rate,
        crossed=book.crossed_total,
        reason=book.gap_cause or None,
    )
