"""A made market: deterministic by seed, never crossed, uneven, in bursts, without end.

Each product has a book, trades with dense ids and a ticker; there is a heartbeat a second.
Arrivals are exponential in a time that runs faster and slower by turns, so that the rate is
the one asked for in the mean. Nothing is made before it is taken, and `save` is the whole
state, so another process goes on with the same bytes.
"""

from collections import deque
from collections.abc import Sequence
from math import log
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Fill, Route, Speaking, Summary
from ledgerflux.core.entropy import Entropy
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_source import Item, Levels, Pair
from ledgerflux.core.synthetic_book import BookState, SyntheticBook
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S

RATE_DEFAULT = 200.0
PRODUCTS_MAX = 1024
SKIP_ITEMS_MAX = 4096
SLOT_NS = 20 * NANOS_PER_MS
"""How long the market keeps one of its moods."""

_TRADES_IN_256 = 32
_FILLS_MEAN_256 = 288
"""Measured over the sizes of `synthetic_book`: fills of an order, in 1/256."""
_MOODS = (38,) * 10 + (64,) * 7 + (150, 151, 151)
_MOOD_ONE = 64
assert sum(_MOODS) == _MOOD_ONE * len(_MOODS)

_EXPONENTIAL = tuple(round(-65536 * log(1 - (i + 0.5) / 1024)) for i in range(1024))
_EXPONENTIAL_MEAN = sum(_EXPONENTIAL) // len(_EXPONENTIAL)


class _State(msgspec.Struct, frozen=True):
    position: int
    base_ns: int
    reached_ns: int
    next_ns: int
    beat_ns: int
    beats: int
    slot_end_ns: int
    mood: int
    entropy: tuple[int, int]
    books: list[BookState]


class _Routes(NamedTuple):
    level2: Route
    trades: Route
    ticker: Route


class SyntheticMarket:
    """A source of `rate_per_s` frames a second over all `products`, the first the busiest.

    `rate_per_s` is the mean, heartbeats counted. `saved` is what `save` returned in another
    process for the same other arguments.
    """
