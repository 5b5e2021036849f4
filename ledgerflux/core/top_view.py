"""The best levels of a book as they were told, and what must be told to bring them up to date."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from ledgerflux.core.book import Book
from ledgerflux.core.checksum import LEVELS, digits_checksum, level_digits
from ledgerflux.model.events import Change, Level, Side
from ledgerflux.model.units import is_zero, kept_tick

Levels = tuple[list[Level], list[Level]]
"""Bids and asks, best first."""


class TopView:
    """Up to `depth` levels of each side of `book`, exact: who applies every change has them.

    A level that is pushed out is told as removed, one that comes back is told anew.
    """

    def __init__(self, book: Book, depth: int) -> None:
        self._sides = _Half(book.bids, "buy", depth), _Half(book.asks, "sell", depth)
        self._checksum: int | None = None

    def update(self, changes: Sequence[Change]) -> list[Change]:
        """Return what `changes`, which the book has by now, change of the view."""
        return self._note([change for side in self._sides for change in side.update(changes)])

    def refresh(self) -> list[Change]:
        """Return what is different now, whatever happened to the book."""
        return self._note([change for side in self._sides for change in side.refresh()])

    def levels(self) -> Levels:
        """Return the levels."""
        bids, asks = self._sides
        return list(bids.levels.items()), list(asks.levels.items())

    def checksum(self) -> int:
        """Return the checksum of the levels."""
        if self._checksum is None:
            bids, asks = self._sides
            self._checksum = digits_checksum(bids.digits(), asks.digits())
        return self._checksum

    def _note(self, changes: list[Change]) -> list[Change]:
        if changes:
            self._checksum = None
        return changes


class _Half:
    """One side; `levels` are in the order of the book. `_worst` is the last level's key.

    `_digits` is what each of the best levels adds to the checksum, None since others are best.
    """

    def __init__(self, top: Callable[[int], list[Level]], side: Side, depth: int) -> None:
        self._top = top
        self._side: Side = side
        self._sign = -1 if side == "buy" else 1
        self._depth = depth
        self.levels: dict[str, str] = {}
        self._worst: int | None = None
        self._digits: dict[str, str] | None = None
        self.refresh()

    def digits(self) -> str:
        """Return what the best levels add to the checksum."""
        if self._digits is None:
            best = islice(self.levels.items(), LEVELS)
            self._digits = {level[0]: level_digits(level) for level in best}
        return "".join(self._digits.values())

    def update(self, changes: Iterable[Change]) -> list[Change]:
        """Return the changes of this side that its levels need."""
        levels = self.levels
        sizes: dict[str, str] = {}
        for side, price, size in changes:
            if side != self._side:
                continue
            if price in levels:
                if is_zero(size):
                    return self.refresh()
                sizes[price] = size
            elif self._reaches(price):
                return self.refresh()
        if not sizes:
            return []
        changed: list[Change] = [
            (self._side, p, size) for p, size in sizes.items() if levels[p] != size
        ]
        levels.update(sizes)
        if self._digits is not None:
            for price in sizes.keys() & self._digits.keys():
                self._digits[price] = level_digits((price, sizes[price]))
        return changed

    def refresh(self) -> list[Change]:
        """Take the levels of the book; return what is different, removals first."""
        old, new = self.levels, dict(self._top(self._depth))
        self.levels, self._digits = new, None
        last = next(reversed(new), None)
        self._worst = None if last is None or len(new) < self._depth else self._key(last)
        different: list[Change] = [(self._side, price, "0") for price in old if price not in new]
        different.extend((self._side, p, size) for p, size in new.items() if old.get(p) != size)
        return different

    def _reaches(self, price: str) -> bool:
        return self._worst is None or self._key(price) <= self._worst

    def _key(self, price: str) -> int:
        return (kept_tick(price) or 0) * self._sign
