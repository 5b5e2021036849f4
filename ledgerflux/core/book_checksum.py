"""The checksum of a book that changes: worked out from the few levels it depends on."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable

from ledgerflux.core.book import Book
from ledgerflux.core.checksum import LEVELS, digits_checksum, level_digits
from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import is_zero, kept_tick

_TAKEN = 3 * LEVELS
_HELD_MAX = 4 * LEVELS
"""A side knows more of its best than count, so that a removal seldom asks the book."""
_NO_END = 1 << 200
"""Beyond every key."""


class BookChecksum:
    """The checksum of `book`, whose every change goes to `update`; a new book needs a new one."""

    def __init__(self, book: Book) -> None:
        self._bids, self._asks = _Best(book.bids, -1), _Best(book.asks, 1)

    def update(self, changes: Iterable[Change]) -> None:
        """Note `changes`, which the book has by now."""
        bids, asks = self._bids, self._asks
        for side, price, size in changes:
            (bids if side == "buy" else asks).note(price, size)

    def value(self) -> int:
        """Return the checksum of the book as it is."""
        return digits_checksum(self._bids.digits(), self._asks.digits())


class _Best:
    """What the best levels of a side add to the checksum, by key: the least key is the best.

    Of all levels up to the key `_reach` it is known; None where the book must be asked.
    """

    def __init__(self, top: Callable[[int], list[Level]], sign: int) -> None:
        self._top = top
        self._sign = sign
        self._keys: list[int] = []
        self._known: dict[int, str] = {}
        self._reach: int | None = None
        self._digits: str | None = None

    def note(self, price: str, size: str) -> None:
        """Note that the level at `price` has `size` now."""
        key = (kept_tick(price) or 0) * self._sign
        if self._reach is None or key > self._reach:
            return
        self._digits = None
        if is_zero(size):
            self._remove(key)
        else:
            self._set(key, level_digits((price, size)))

    def digits(self) -> str:
        """Return what the best levels add to the checksum, best first."""
        if self._reach is None:
            self._take()
        if self._digits is None:
            known = self._known
            self._digits = "".join([known[key] for key in self._keys[:LEVELS]])
        return self._digits

    def _take(self) -> None:
        levels = self._top(_TAKEN)
        self._keys = [(kept_tick(price) or 0) * self._sign for price, _ in levels]
        self._known = dict(zip(self._keys, map(level_digits, levels), strict=True))
        self._reach = self._keys[-1] if len(levels) == _TAKEN else _NO_END

    def _set(self, key: int, digits: str) -> None:
        keys = self._keys
        if key not in self._known:
            insort(keys, key)
        self._known[key] = digits
        if len(keys) > _HELD_MAX:
            del self._known[keys.pop()]
            self._reach = keys[-1]

    def _remove(self, key: int) -> None:
        keys = self._keys
        if self._known.pop(key, None) is not None:
            del keys[bisect_left(keys, key)]
            if len(keys) < LEVELS and self._reach != _NO_END:
                self._reach = None
