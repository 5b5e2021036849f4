"""One made product: a book that moves around a wandering price and is never crossed.

Prices are whole ticks and sizes whole lots of 1e-8; texts have no trailing zeros. Both sides
keep between `LEVELS_MIN` and `LEVELS_MAX` levels. Chance comes in as words of 64 bits, which
pick from what `synthetic_draws` laid out.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Beat, Fill, Summary
from ledgerflux.core.synthetic_draws import (
    DRAW_MASK,
    LOT_DECIMALS,
    MORE_SHIFTS,
    REMOVE,
    SET,
    Draw,
    Lots,
    decimal_text,
    draws_of,
    lots_of,
    terms_of,
)
from ledgerflux.model.events import Change, Level, Side

LEVELS_MIN = 210
"""From here on a side grows first, but for a few levels that the price walks over."""
LEVELS_START = 250
LEVELS_MAX = 420
FILLS_MAX = 3

_LEVELS_SPARE = 6
_TEXTS_MAX = 4_096
"""Of each side: ten times what it holds."""
_FAIR_BITS = 16
"""The wandering price is kept in ticks and this many bits below."""
_REVERT_BITS = 20
_SPREAD_GAPS = 2


class _Side:
    """Ticks, negated for asks, ascending with the best last; sizes and price texts by tick."""

    __slots__ = ("keys", "name", "prices", "sign", "sizes")

    def __init__(self, name: Side, sizes: Iterable[tuple[int, int]]) -> None:
        self.name: Side = name
        self.sign = 1 if name == "buy" else -1
        self.sizes = {key: lots_of(lots) for key, lots in sizes}
        self.keys = sorted(self.sizes)
        self.prices: dict[int, str] = {}


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
    """A made product; the same words give the same texts. `word` returns the next 64 bits."""

    def __init__(
        self, product: str, word: Callable[[], int], state: BookState | None = None
    ) -> None:
        self.product = product
        self._word = word
        self._open, self._decimals, gap_mask = terms_of(product)
        self._origin = self._open << _FAIR_BITS
        self._spread = _SPREAD_GAPS * (gap_mask + 1)
        wander = max(1, self._open * 786 // 1_000_000)
        self._steps = [((i & 31) + (i >> 5) - 31) * 32 * wander for i in range(1024)]
        self._draws = draws_of(product)
        start = self._first_state(gap_mask) if state is None else state
        self._bids = _Side("buy", start.bids)
        self._asks = _Side("sell", start.asks)
        self._fair = start.fair
        self._trade_id = start.trade_id
        self._sequence = start.sequence
        self._volume = start.volume
        self._low = start.low
        self._high = start.high

    @property
    def beat(self) -> Beat:
        """Return what a heartbeat says now."""
        return Beat(self.product, self._sequence, self._trade_id)

    def state(self) -> BookState:
        """Return what `state` of a later object has to be for it to go on from here."""
        bids, asks = (
            [(key, side.sizes[key].lots) for key in side.keys] for side in (self._bids, self._asks)
        )
        return BookState(
            self._fair,
            bids,
            asks,
            self._trade_id,
            self._sequence,
            self._volume,
            self._low,
            self._high,
        )

    def levels(self) -> tuple[list[Level], list[Level]]:
        """Return bids and asks, best first."""
        return self._listed(self._bids), self._listed(self._asks)

    def update(self) -> list[Change]:
        """Let orders come and go; return the one to four levels that changed."""
        word = self._word()
        fair = self._fair
        self._fair = fair + self._steps[word & 1023] - ((fair - self._origin) >> _REVERT_BITS)
        self._sequence += 1
        draws = self._draws
        changes = [self._lead(draws[word >> 14 & DRAW_MASK], word)]
        for shift in MORE_SHIFTS[word >> 10 & 15]:
            changes.append(self._stir(draws[word >> shift & DRAW_MASK]))  # noqa: PERF401
        return changes

    def trade(self) -> Traded:
        """Let a market order come in that takes one to three levels, the last in part."""
        word = self._word()
        bids, asks = self._bids, self._asks
        rising = self._fair >> (_FAIR_BITS - 1) > bids.keys[-1] - asks.keys[-1]
        taker: Side = "buy" if (word & 1023) < (640 if rising else 384) else "sell"
        side = asks if taker == "buy" else bids
        order = self._draws[word >> 10 & DRAW_MASK].size
        left = 1 + order.lots // 2
        changes: list[Change] = []
        fills: list[Fill] = []
        while left and len(fills) < FILLS_MAX:
            key = side.keys[-1]
            lots = side.sizes[key].lots
            taken = min(left, lots)
            left -= taken
            fills.append(self._fill(side, key, taken, taker))
            if taken < lots:
                changes.append(self._set(side, key, lots_of(lots - taken)))
            elif len(side.keys) > LEVELS_MIN - _LEVELS_SPARE:
                changes.append(self._remove(side, -1))
            else:
                # The hidden rest of a large order comes up: the side is thin enough.
                changes.append(self._set(side, key, order))
        return Traded(changes, fills, self._summary(fills[-1]))

    def _lead(self, draw: Draw, word: int) -> Change:
        """Bring the best prices to where the wandering price is; where they are, stir."""
        bids, asks = self._bids, self._asks
        if len(bids.keys) <= LEVELS_MIN:
            return self._behind(bids, 0, draw)
        if len(asks.keys) <= LEVELS_MIN:
            return self._behind(asks, 0, draw)
        bid, ask = bids.keys[-1], -asks.keys[-1]
        fair = self._fair >> _FAIR_BITS
        if fair >= ask:
            return self._remove(asks, -1)
        if fair <= bid:
            return self._remove(bids, -1)
        if ask - bid <= self._spread:
            return self._stir(draw)
        if 2 * fair > bid + ask:
            return self._set(bids, bid + 1 + word % (fair - bid), draw.size)
        return self._set(asks, -(ask - 1 - word % (ask - 1 - fair)), draw.size)

    def _stir(self, draw: Draw) -> Change:
        """Change, add or remove one level, the more likely the nearer it is to the best."""
        on_bids, depth, action, size, _ = draw
        side = self._bids if on_bids else self._asks
        keys = side.keys
        levels = len(keys)
        index = levels - 1 - depth if depth < levels else 0
        if action == SET:
            key = keys[index]
            side.sizes[key] = size
            return side.name, side.prices.get(key) or self._price(side, key), size.text
        if action == REMOVE and levels > LEVELS_MIN:
            return self._remove(side, index)
        if levels >= LEVELS_MAX:
            return self._remove(side, 0)
        return self._behind(side, index, draw)

    def _behind(self, side: _Side, index: int, draw: Draw) -> Change:
        """Add a level behind the one at `index`; where that would be no price, change this one."""
        key = side.keys[index]
        behind = key - 1 - draw.gap
        return self._set(side, key if side.sign == 1 and behind < 1 else behind, draw.size)

    def _set(self, side: _Side, key: int, size: Lots) -> Change:
        if key not in side.sizes:
            insort(side.keys, key)
        side.sizes[key] = size
        return side.name, side.prices.get(key) or self._price(side, key), size.text

    def _remove(self, side: _Side, index: int) -> Change:
        key = side.keys.pop(index)
        del side.sizes[key]
        return side.name, side.prices.get(key) or self._price(side, key), "0"

    def _fill(self, side: _Side, key: int, lots: int, taker: Side) -> Fill:
        tick = key * side.sign
        self._trade_id += 1
        self._sequence += 1
        self._volume += lots
        self._low = min(self._low, tick)
        self._high = max(self._high, tick)
        price = self._price(side, key)
        return Fill(self._trade_id, self._sequence, price, lots_of(lots).text, taker)

    def _summary(self, last: Fill) -> Summary:
        return Summary(
            last,
            self._level(self._bids, self._bids.keys[-1]),
            self._level(self._asks, self._asks.keys[-1]),
            decimal_text(self._open, self._decimals),
            decimal_text(self._low, self._decimals),
            decimal_text(self._high, self._decimals),
            decimal_text(self._volume, LOT_DECIMALS),
        )

    def _listed(self, side: _Side) -> list[Level]:
        return [self._level(side, key) for key in reversed(side.keys)]

    def _level(self, side: _Side, key: int) -> Level:
        return self._price(side, key), side.sizes[key].text

    def _price(self, side: _Side, key: int) -> str:
        text = side.prices.get(key)
        if text is None:
            if len(side.prices) >= _TEXTS_MAX:
                side.prices.clear()
            text = side.prices[key] = decimal_text(key * side.sign, self._decimals)
        return text

    def _first_state(self, gap_mask: int) -> BookState:
        bids, asks = (
            self._first_levels(key, gap_mask) for key in (self._open - 1, -self._open - 1)
        )
        number = int.from_bytes(blake2b(self.product.encode(), digest_size=4).digest())
        return BookState(self._origin, bids, asks, number, number * 8, 0, self._open, self._open)

    def _first_levels(self, key: int, gap_mask: int) -> list[tuple[int, int]]:
        levels: list[tuple[int, int]] = []
        for _ in range(LEVELS_START):
            word = self._word()
            levels.append((key, self._draws[word & DRAW_MASK].size.lots))
            key -= 1 + (word >> 12 & gap_mask)
        return levels
