"""One product's order book, exact: the venue's texts, found by the number of their price."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from heapq import heappop, heappush
from typing import NamedTuple

from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import is_zero, price_tick, price_ticks

_KEYS_SPARE = 10_000


class BookRefused(Exception):
    """A level that no book can hold (price not positive, size negative, not exact)."""


class BookStatistics(NamedTuple):
    """Levels a side, and deletes of levels that were not there (normal on some venues)."""

    bids: int
    asks: int
    unknown_deletes_total: int


class _Side:
    """One side, by key: the tick of a price, negated for bids, so the best is the least.

    `levels` is the side, the rest serves it. `keys` holds the key of each text seen: four of
    five changes name one of them. `heap` finds the best; the key of a level that was removed
    stays in it, and in `gone`, until it comes to the top or the level comes back. A sorted
    list of keys instead takes half as long again for each change of a book of 46,000 levels
    (docs/decisions/0007), and order is asked for far less often than the best.
    """

    __slots__ = ("gone", "heap", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[int, Level] = {}
        self.keys: dict[str, int] = {}
        self.heap: list[int] = []
        self.gone: set[int] = set()

    def hold(self, levels: dict[int, Level], keys: dict[str, int]) -> None:
        """Make `levels` the side, and `keys` all that is known of texts."""
        self.levels = levels
        self.keys = keys
        self.heap = sorted(levels)  # what is sorted is a heap
        self.gone.clear()

    def key(self, price: str) -> int:
        """Return the key of a text that is not in `keys`, and put it there.

        Raises:
            BookRefused: No price.
        """
        key = _tick(price) * self.sign
        # This bounds `gone` and `heap` too: a level is removed by a text that is in `keys`.
        if len(self.keys) >= 2 * len(self.levels) + _KEYS_SPARE:
            self.hold(self.levels, {})
        self.keys[price] = key
        return key

    def best(self) -> int | None:
        """Return the key of the best level, None of an empty side."""
        heap, gone = self.heap, self.gone
        while heap and heap[0] in gone:
            gone.remove(heappop(heap))
        return heap[0] if heap else None

    def best_first(self) -> list[Level]:
        """Return all levels."""
        levels = self.levels
        return [levels[key] for key in sorted(levels)]

    def top(self, depth: int) -> list[Level]:
        """Return the best `depth` levels: down the heap, always at the best branch."""
        heap, levels = self.heap, self.levels
        found: list[Level] = []
        branches = [(heap[0], 0)] if heap else []
        while branches and len(found) < depth:
            key, place = heappop(branches)
            if key not in self.gone:
                found.append(levels[key])
            for child in range(2 * place + 1, min(2 * place + 3, len(heap))):
                heappush(branches, (heap[child], child))
        return found


class Book:
    """The levels of one product; sizes are absolute, a size of zero removes.

    Not a judge of sequence: the caller knows whether an update belongs here. After `apply`
    was refused the levels before the offending one are in: a snapshot must replace the book.
    """

    __slots__ = ("_asks", "_bids", "_unknown_deletes_total")

    def __init__(self) -> None:
        self._bids = _Side(-1)
        self._asks = _Side(1)
        self._unknown_deletes_total = 0

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> int:
        """Make the book these levels, in any order; return how many prices were repeated.

        A repeated price counts once, the last one wins; a size of zero is no level.

        Raises:
            BookRefused: A level that can't be; the book is unchanged.
        """
        bids, asks = list(bids), list(asks)
        bid_keys, ask_keys = _keys(bids, -1), _keys(asks, 1)
        return _hold(self._bids, bid_keys, bids) + _hold(self._asks, ask_keys, asks)

    def apply(self, changes: Iterable[Change]) -> None:
        """Set each changed level, in order.

        Raises:
            BookRefused: A level that can't be; levels before it are applied.
        """
        # Seven times a frame: nothing is called here for a level whose text is known.
        bids, asks = self._bids, self._asks
        for side_name, price, size in changes:
            side = bids if side_name == "buy" else asks
            key = side.keys.get(price)
            if key is None:
                key = side.key(price)
            levels = side.levels
            if not size.strip("-0."):  # `is_zero`
                if key in levels:
                    del levels[key]
                    side.gone.add(key)
                else:
                    self._unknown_deletes_total += 1
                continue
            if size[0] == "-":
                raise BookRefused(f"negative size {size[:40]} at {price[:40]}")
            if key not in levels:
                if key in side.gone:
                    side.gone.remove(key)
                else:
                    heappush(side.heap, key)
            levels[key] = (price, size)

    def crossed(self) -> bool:
        """Say whether the best bid is at or above the best ask."""
        bid, ask = self._bids.best(), self._asks.best()
        return bid is not None and ask is not None and -bid >= ask

    def best(self) -> tuple[Level | None, Level | None]:
        """Return the best bid and the best ask, None for an empty side."""
        bid, ask = self._bids.best(), self._asks.best()
        return (
            None if bid is None else self._bids.levels[bid],
            None if ask is None else self._asks.levels[ask],
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
            len(self._bids.levels), len(self._asks.levels), self._unknown_deletes_total
        )


def _tick(price: str) -> int:
    tick = price_tick(price)
    if tick is None or tick <= 0:
        raise BookRefused(f"no price of a level: {price[:40]}")
    return tick


def _keys(levels: Sequence[Level], sign: int) -> list[int]:
    """Return the key of each level; refuse what no book can hold."""
    prices = [price for price, _ in levels]
    ticks = price_ticks(prices)
    if ticks is None or 0 in ticks:
        ticks = [_tick(price) for price in prices]
    if "-" in "".join([size for _, size in levels]):
        for price, size in levels:
            if size[0] == "-" and not is_zero(size):
                raise BookRefused(f"negative size {size[:40]} at {price[:40]}")
    return ticks if sign == 1 else [-tick for tick in ticks]


def _hold(side: _Side, keys: Sequence[int], levels: Sequence[Level]) -> int:
    """Make `levels` the side; return how many prices were repeated."""
    held = dict(zip(keys, levels, strict=True))
    repeated = len(keys) - len(held)
    for key in [key for key, level in held.items() if is_zero(level[1])]:
        del held[key]
    side.hold(held, {price: key for key, (price, _) in held.items()})
    return repeated


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
