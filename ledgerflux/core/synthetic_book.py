"""One made product: a book that moves around a wandering price and is never crossed.

Prices are whole ticks and sizes whole lots of 1e-8; texts have no trailing zeros. Both sides
keep between `LEVELS_MIN` and `LEVELS_MAX` levels. All chance comes in as words of 64 bits.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Beat, Fill, Summary
from ledgerflux.model.events import Change, Level, Side

LEVELS_MIN = 210
LEVELS_START = 250
LEVELS_MAX = 420
LOT_DECIMALS = 8
LOTS_MAX = 10**17
FILLS_MAX = 3
_TEXTS_MAX = 65_536
_FAIR_BITS = 16
"""The wandering price is kept in ticks and this many bits below."""
_REVERT_BITS = 20
_SPREAD_GAPS = 2

_KNOWN = {
    "BTC-USD": (6_500_000, 2),
    "ETH-USD": (320_000, 2),
    "SOL-USD": (15_000, 2),
    "XRP-USD": (5_200, 4),
    "ADA-USD": (4_500, 4),
    "DOGE-USD": (12_000, 5),
    "LTC-USD": (8_000, 2),
    "AVAX-USD": (2_800, 2),
}
_TYPICAL_NOTIONAL = 1_500

# Sizes as a Pareto quantile, in 1/1024 of the typical one: half below it, one in a thousand
# over forty times. Depths fall off the same way: most changes are near the best price.
_SIZES = tuple(int(1024 * 0.6 * (1 - (i + 0.5) / 4096) ** (-0.6)) for i in range(4096))
_DEPTHS = tuple(min(int(8 * ((1 - (i + 0.5) / 4096) ** (-0.7) - 1)), 400) for i in range(4096))
_CHANGES = (1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4)


class _Side:
    """Ticks, negated for asks, ascending with the best last; lots by tick."""

    __slots__ = ("keys", "lots", "name", "sign")

    def __init__(self, name: Side, levels: Sequence[tuple[int, int]]) -> None:
        self.name: Side = name
        self.sign = 1 if name == "buy" else -1
        self.lots = dict(levels)
        self.keys = sorted(self.lots)


class BookState(msgspec.Struct, frozen=True):
    """Everything that a made product remembers; levels as (key, lots), asks negated."""

    fair: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    trade_id: int
    sequence: int
    volume: int
    low: int
    high: int


class Traded(NamedTuple):
    """What an order did: levels that changed, fills in their order, and the day so far."""

    changes: list[Change]
    fills: list[Fill]
    summary: Summary


class SyntheticBook:
    """A made product; the same words give the same texts."""

    def __init__(
        self, product: str, word: Callable[[], int], state: BookState | None = None
    ) -> None:
        self.product = product
        self._word = word
        origin, self._decimals = _terms(product)
        self._origin = origin << _FAIR_BITS
        self._open = origin
        self._gap_mask = _mask(origin)
        self._spread = _SPREAD_GAPS * (self._gap_mask + 1)
        self._wander = max(1, origin * 786 // 1_000_000)
        self._lots_typical = _TYPICAL_NOTIONAL * 10 ** (LOT_DECIMALS + self._decimals) // origin
        self._prices: dict[int, str] = {}
        self._sizes: dict[int, str] = {}
        self._restore(self._first_state() if state is None else state)
