"""One product's order book, exact: the venue's texts in the order of their prices."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import is_zero, price_tick

_MEMO_MAX = 200_000


class BookRefused(Exception):
    """A level that no book can hold (price not positive, size negative, not exact)."""


class BookStatistics(NamedTuple):
    """Levels a side, and deletes of levels that were not there (normal on some venues)."""

    bids: int
    asks: int
    unknown_deletes_total: int


class _Side:
    """One side: tick to (price, size) texts, and the ticks sorted with the best last."""

    __slots__ = ("levels", "sign", "ticks")

    def __init__(self, sign: int) -> None:
        self.sign = sign  # asks are negated, so that the best is the last on both sides
        self.levels: dict[int, Level] = {}
        self.ticks: list[int] = []

    def replace(self, levels: dict[int, Level]) -> None:
        self.levels = levels
        self.ticks = sorted(levels)

    def best_first(self) -> list[Level]:
        levels = self.levels
        return [levels[tick] for tick in reversed(self.ticks)]

    def top(self, depth: int) -> list[Level]:
        levels = self.levels
        return [levels[tick] for tick in self.ticks[: -depth - 1 : -1]]


class Book:
    """The levels of one product; sizes are absolute, a size of zero removes.

    Not a judge of sequence: the caller knows whether an update belongs here. After `apply`
    was refused the levels before the offending one are in: a snapshot must replace the book.
    """

    __slots__ = ("_asks", "_bids", "_memo", "_unknown_deletes_total")

    def __init__(self) -> None:
        self._bids = _Side(1)
        self._asks = _Side(-1)
        self._memo: dict[str, int] = {}
        self._unknown_deletes_total = 0

    def replace(self, bids: Iterable[Sequence[str]], asks: Iterable[Sequence[str]]) -> int:
        """Make the book these levels, in any order; return how many prices were repeated.

        A repeated price counts once, the last one wins; a size of zero is no level.

        Raises:
            BookRefused: A level that can't be; the book is unchanged.
        """
        new_bids, repeated_bids = self._side_levels(bids, 1)
        new_asks, repeated_asks = self._side_levels(asks, -1)
        self._bids.replace(new_bids)
        self._asks.replace(new_asks)
        return repeated_bids + repeated_asks

    def apply(self, changes: Iterable[Change]) -> None:
        """Set each changed level, in order.

        Raises:
            BookRefused: A level that can't be; levels before it are applied.
        """
        memo = self._memo
        for side_name, price, size in changes:
            side = self._bids if side_name == "buy" else self._asks
            tick = memo.get(price)
            if tick is None:
                tick = self._tick(price)
            key = tick * side.sign
            levels = side.levels
            if is_zero(size):
                if levels.pop(key, None) is None:
                    self._unknown_deletes_total += 1
                else:
                    ticks = side.ticks
                    del ticks[bisect_left(ticks, key)]
                continue
            if size[0] == "-":
                raise BookRefused(f"negative size {size[:40]} at {price[:40]}")
            if key not in levels:
                insort(side.ticks, key)
            levels[key] = (price, size)

    def crossed(self) -> bool:
        """Say whether the best bid is at or above the best ask."""
        bids, asks = self._bids.ticks, self._asks.ticks
        return bool(bids and asks and bids[-1] >= -asks[-1])

    def best(self) -> tuple[Level | None, Level | None]:
        """Return the best bid and the best ask, None for an empty side."""
        bids, asks = self._bids, self._asks
        return (
            bids.levels[bids.ticks[-1]] if bids.ticks else None,
            asks.levels[asks.ticks[-1]] if asks.ticks else None,
        )

    def bids(self, depth: int | None = None) -> list[Level]:
        """Return bids, best first; all of them without `depth`."""
        return self._bids.best_first() if depth is None else self._bids.top(depth)

    def asks(self, depth: int | None = None) -> list[Level]:
        """Return asks, best first; all of them without `depth`."""
        return self._asks.best_first() if depth is None else self._asks.top(depth)

    def statistics(self) -> BookStatistics:
        """Return sizes and counts."""
        return BookStatistics(
            len(self._bids.ticks), len(self._asks.ticks), self._unknown_deletes_total
        )

    def _tick(self, price: str) -> int:
        tick = price_tick(price)
        if tick is None or tick <= 0:
            raise BookRefused(f"no price of a level: {price[:40]}")
        if len(self._memo) >= _MEMO_MAX:
            self._memo.clear()
        self._memo[price] = tick
        return tick

    def _side_levels(
        self, levels: Iterable[Sequence[str]], sign: int
    ) -> tuple[dict[int, Level], int]:
        found: dict[int, Level] = {}
        repeated = 0
        for price, size in levels:
            key = self._tick(price) * sign
            if size[0] == "-" and not is_zero(size):
                raise BookRefused(f"negative size {size[:40]} at {price[:40]}")
            repeated += key in found
            found[key] = (price, size)
        return {key: level for key, level in found.items() if not is_zero(level[1])}, repeated


def canonical(bids: Sequence[Level], asks: Sequence[Level]) -> bytes:
    """Return the canonical text of a full book: one line a level, best first, bids then asks.

    `bid PRICE SIZE` and `ask PRICE SIZE`, texts as the venue wrote them, each line ended
    by a newline.
    """
    lines = [f"bid {price} {size}\n" for price, size in bids]
    lines += [f"ask {price} {size}\n" for price, size in asks]
    return "".join(lines).encode()


def book_hash(bids: Sequence[Level], asks: Sequence[Level]) -> str:
    """Return the SHA-256, in hex, of the canonical full book."""
    return sha256(canonical(bids, asks)).hexdigest()
