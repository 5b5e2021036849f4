"""One product's order book, exact: the venue's texts, in the order of their prices."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from heapq import heappop, heappush
from typing import NamedTuple

from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import is_zero, price_tick, price_ticks

_GONE_SPARE = 2_000
_GONE_BETWEEN = 16
_SORTED_FOR_A_STEP = 128
"""So many keys of a nearly sorted heap are sorted in the time of one step down it."""
GONE = ""
"""The size of a level that was removed."""

Top = tuple[Level | None, Level | None]
"""Best bid and best ask; None for an empty side."""


class BookRefused(Exception):
    """A level that no book can hold (price not positive, size negative, not exact)."""


class BookStatistics(NamedTuple):
    """Levels a side, and deletes of levels that were not there (normal on some venues)."""

    bids: int
    asks: int
    unknown_deletes_total: int


class _Side:
    """One side, by the texts of its prices.

    `sizes` holds the size of each price, `GONE` for a level that was removed: its key is in
    `heap` until it comes to the top, or the level comes back. `heap` finds the best by key:
    the tick of a price, negated for bids, so the best is the least. Each key in it has one
    text, in `texts`. A sorted list of keys instead takes half as long again for each change
    of a book of 46,000 levels (docs/decisions/0007), and order is asked for far less often
    than the best.
    """

    __slots__ = ("gone", "heap", "sign", "sizes", "texts")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.sizes: dict[str, str] = {}
        self.texts: dict[int, str] = {}
        self.heap: list[int] = []
        self.gone = 0
        """How many of `sizes` are `GONE`."""

    def __len__(self) -> int:
        return len(self.sizes) - self.gone

    def hold(self, texts: dict[int, str], sizes: dict[str, str]) -> None:
        """Make `sizes` the side; `texts` are those of its keys."""
        self.texts = texts
        self.sizes.clear()  # `Book.apply` holds on to it
        self.sizes.update(sizes)
        self.heap = sorted(texts)  # what is sorted is a heap
        self.gone = 0

    def enter(self, price: str) -> str:
        """Give a text that is not in `sizes` its place, or that of another text of its price.

        Return what stands there now, `GONE` where no level was.

        Raises:
            BookRefused: No price.
        """
        key = _tick(price) * self.sign
        if 2 * self.gone > len(self.sizes) + _GONE_SPARE:  # more are gone than there
            self._forget()
        known = self.texts.get(key)
        if known is None:
            heappush(self.heap, key)
            self.gone += 1
        self.sizes[price] = size = GONE if known is None else self.sizes.pop(known)
        self.texts[key] = price
        return size

    def _forget(self) -> None:
        """Keep nothing of levels that were removed."""
        sizes = {text: size for text, size in self.sizes.items() if size}
        self.hold({key: text for key, text in self.texts.items() if text in sizes}, sizes)

    def best(self) -> str | None:
        """Return the text of the best price, None of an empty side."""
        heap, texts, sizes = self.heap, self.texts, self.sizes
        while heap:
            text = texts[heap[0]]
            if sizes[text]:
                return text
            del sizes[texts.pop(heappop(heap))]
            self.gone -= 1
        return None

    def best_first(self) -> list[Level]:
        """Return all levels."""
        self.heap.sort()  # what is sorted is a heap still, and soon sorted again
        texts, sizes = self.texts, self.sizes
        prices = [texts[key] for key in self.heap]
        return [(price, size) for price in prices if (size := sizes[price])]

    def top(self, depth: int) -> list[Level]:
        """Return the best `depth` levels, the cheaper way."""
        found = None
        if depth * _SORTED_FOR_A_STEP <= len(self.heap):
            found = self._walk(depth, depth + _GONE_BETWEEN)
        return self._sweep(depth) if found is None else found

    def _walk(self, depth: int, gone_max: int) -> list[Level] | None:
        """Return the best `depth` levels: down the heap, always at the best branch.

        None where more than `gone_max` levels that were removed lie between them.
        """
        heap, texts, sizes = self.heap, self.texts, self.sizes
        found: list[Level] = []
        gone = 0
        branches = [(heap[0], 0)] if heap else []
        while branches and len(found) < depth:
            key, place = heappop(branches)
            text = texts[key]
            if size := sizes[text]:
                found.append((text, size))
            elif gone == gone_max:
                return None
            else:
                gone += 1
            for child in range(2 * place + 1, min(2 * place + 3, len(heap))):
                heappush(branches, (heap[child], child))
        return found

    def _sweep(self, depth: int) -> list[Level]:
        """Return the best `depth` levels, and keep nothing of those removed between them.

        They gather where levels come and go most, at the best, and only the very best is ever
        taken from the heap: without this each look would pass more of them.
        """
        self.heap.sort()
        heap, texts, sizes = self.heap, self.texts, self.sizes
        found: list[Level] = []
        kept: list[int] = []
        gone: list[int] = []
        for key in heap:
            if len(found) == depth:
                break
            text = texts[key]
            if size := sizes[text]:
                found.append((text, size))
                kept.append(key)
            else:
                gone.append(key)
        if gone:
            heap[: len(kept) + len(gone)] = kept
            self.gone -= len(gone)
            for key in gone:
                del sizes[texts.pop(key)]
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
        # Seven times a frame: nothing of ours is called for a level whose text is known.
        bids, asks = self._bids, self._asks
        bid_sizes, ask_sizes = bids.sizes, asks.sizes
        for side, price, size in changes:
            if side == "buy":
                changed, sizes = bids, bid_sizes
            else:
                changed, sizes = asks, ask_sizes
            held = sizes.get(price)
            if held is None:
                held = changed.enter(price)
            if size[-1] > "0" or size.strip("-0."):  # not `is_zero`
                if size < "0":
                    raise BookRefused(f"negative size {size[:40]} at {price[:40]}")
                sizes[price] = size
                if not held:
                    changed.gone -= 1
            elif held:
                sizes[price] = GONE
                changed.gone += 1
            else:
                self._unknown_deletes_total += 1

    def crossed(self) -> bool:
        """Say whether the best bid is at or above the best ask."""
        bids, asks = self._bids, self._asks
        bid_keys, ask_keys = bids.heap, asks.heap
        if not bid_keys or not ask_keys or -bid_keys[0] < ask_keys[0]:
            return False  # the very best there have been since are apart; nearly always so
        both = bids.best() is not None and asks.best() is not None
        return both and -bids.heap[0] >= asks.heap[0]

    def best(self) -> Top:
        """Return the best bid and the best ask, None for an empty side."""
        bid, ask = self._bids.best(), self._asks.best()
        return (
            None if bid is None else (bid, self._bids.sizes[bid]),
            None if ask is None else (ask, self._asks.sizes[ask]),
        )

    def bids(self, depth: int | None = None) -> list[Level]:
        """Return bids, best first; all of them without `depth`."""
        return self._bids.best_first() if depth is None else self._bids.top(depth)

    def asks(self, depth: int | None = None) -> list[Level]:
        """Return asks, best first; all of them without `depth`."""
        return self._asks.best_first() if depth is None else self._asks.top(depth)

    def statistics(self) -> BookStatistics:
        """Return sizes and counts."""
        return BookStatistics(len(self._bids), len(self._asks), self._unknown_deletes_total)


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
    if repeated:
        levels = list(held.values())
    texts = {key: level[0] for key, level in held.items()}
    sizes = dict(levels)
    for key, (price, size) in held.items():
        if is_zero(size):
            del texts[key], sizes[price]
    side.hold(texts, sizes)
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
