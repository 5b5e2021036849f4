"""A whole book as it was told, and the net of what happened to it since."""

from collections.abc import Sequence

from ledgerflux.core.book import Book
from ledgerflux.core.checksum import LEVELS, book_checksum
from ledgerflux.core.top_view import Levels
from ledgerflux.model.events import Change, Side
from ledgerflux.model.units import price_tick


class FullView:
    """Holds the told book beside the real one: a level that changed twice is told once."""

    def __init__(self, book: Book) -> None:
        self._told = Book()
        self._told.replace(book.bids(), book.asks())
        self._touched: dict[tuple[Side, int | None], Change] = {}

    def update(self, changes: Sequence[Change]) -> list[Change]:
        """Note changes, to be told by `refresh`; nothing is told at once."""
        for change in changes:
            side, price, _ = change
            self._touched[side, price_tick(price)] = change
        return []

    def refresh(self) -> list[Change]:
        """Return the newest change of each level that was touched."""
        changes, self._touched = list(self._touched.values()), {}
        self._told.apply(changes)
        return changes

    def levels(self) -> Levels:
        """Return the levels as told."""
        return self._told.bids(), self._told.asks()

    def checksum(self) -> int:
        """Return the checksum of the levels."""
        return book_checksum(self._told.bids(LEVELS), self._told.asks(LEVELS))
