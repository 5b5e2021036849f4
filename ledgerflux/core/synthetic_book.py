"""One made product: a book that moves around a wandering price and is never crossed.

Prices are whole ticks and sizes whole lots of 1e-8; texts have no trailing zeros. Both sides
keep between `LEVELS_MIN` and `LEVELS_MAX` levels. Chance comes in as words of 64 bits; what
can be drawn with them is laid out in tables beforehand, so that a change costs one look-up.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Beat, Fill, Summary
from ledgerflux.core.entropy import Entropy
from ledgerflux.model.events import Change, Level, Side

LEVELS_MIN = 210
"""From here on a side grows first, but for a few levels that the price walks over."""
LEVELS_START = 250
LEVELS_MAX = 420
FILLS_MAX = 3

_LEVELS_SPARE = 6
_LOT_DECIMALS = 8
_TEXTS_MAX = 65_536
_FAIR_BITS = 16
"""The wandering price is kept in ticks and this many bits below."""
_REVERT_BITS = 20
_SPREAD_GAPS = 2
_NOTIONAL_TYPICAL = 1_500

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
"""First price in ticks, and the decimals of a tick."""

# Sizes as a Pareto quantile, in 1/1024 of the typical one: half are below it, one in a
# thousand is over forty times as large. Depths fall off the same way.
_SIZES = tuple(int(1024 * 0.6 * (1 - (i + 0.5) / 4096) ** -0.6) for i in range(4096))
_DEPTHS = tuple(min(int(8 * ((1 - (i + 0.5) / 4096) ** -0.7 - 1)), 400) for i in range(4096))
_MORE = ((),) * 9 + ((28,),) * 4 + ((28, 40),) * 2 + ((28, 40, 52),)
"""Which bits of a word draw the changes of an update after its first."""

_SET, _REMOVE, _ADD = range(3)
_ACTIONS = (_SET,) * 9 + (_REMOVE,) * 3 + (_ADD,) * 4


class _Lots(NamedTuple):
    lots: int
    text: str


class _Draw(NamedTuple):
    """One possible change of a level."""

    on_bids: bool
    depth: int
    action: int
    size: _Lots
    gap: int


class _Side:
    """Ticks, negated for asks, ascending with the best last; sizes and price texts by tick."""

    __slots__ = ("keys", "name", "prices", "sign", "sizes")

    def __init__(self, name: Side, sizes: Iterable[tuple[int, int]]) -> None:
        self.name: Side = name
        self.sign = 1 if name == "buy" else -1
        self.sizes = {key: _lots(lots) for key, lots in sizes}
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
        self._open, self._decimals = _terms(product)
        self._origin = self._open << _FAIR_BITS
        gap_mask = _mask(self._open)
        self._spread = _SPREAD_GAPS * (gap_mask + 1)
        wander = max(1, self._open * 786 // 1_000_000)
        self._steps = [((i & 31) + (i >> 5) - 31) * 32 * wander for i in range(1024)]
        typical = _NOTIONAL_TYPICAL * 10 ** (_LOT_DECIMALS + self._decimals) // self._open
        self._draws = _lay_out(product, typical, gap_mask)
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
        changes = [self._lead(draws[word >> 14 & 4095], word)]
        for shift in _MORE[word >> 10 & 15]:
            changes.append(self._stir(draws[word >> shift & 4095]))  # noqa: PERF401
        return changes

    def trade(self) -> Traded:
        """Let a market order come in that takes one to three levels, the last in part."""
        word = self._word()
        bids, asks = self._bids, self._asks
        rising = self._fair >> (_FAIR_BITS - 1) > bids.keys[-1] - asks.keys[-1]
        taker: Side = "buy" if (word & 1023) < (640 if rising else 384) else "sell"
        side = asks if taker == "buy" else bids
        left = 1 + self._draws[word >> 10 & 4095].size.lots // 2
        changes: list[Change] = []
        fills: list[Fill] = []
        while left and len(fills) < FILLS_MAX:
            key = side.keys[-1]
            lots = side.sizes[key].lots
            if len(side.keys) <= LEVELS_MIN - _LEVELS_SPARE:
                left = min(left, max(1, lots - 1))
            taken = min(left, lots)
            left -= taken
            fills.append(self._fill(side, key, taken, taker))
            if taken == lots:
                changes.append(self._remove(side, -1))
            else:
                changes.append(self._set(side, key, _lots(lots - taken)))
        return Traded(changes, fills, self._summary(fills[-1]))

    def _lead(self, draw: _Draw, word: int) -> Change:
        """Bring the best prices to where the wandering price is; where they are, stir."""
        bids, asks = self._bids, self._asks
        if len(bids.keys) <= LEVELS_MIN:
            return self._set(bids, bids.keys[0] - 1 - draw.gap, draw.size)
        if len(asks.keys) <= LEVELS_MIN:
            return self._set(asks, asks.keys[0] - 1 - draw.gap, draw.size)
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

    def _stir(self, draw: _Draw) -> Change:
        """Change, add or remove one level, the more likely the nearer it is to the best."""
        on_bids, depth, action, size, gap = draw
        side = self._bids if on_bids else self._asks
        keys = side.keys
        levels = len(keys)
        index = levels - 1 - depth if depth < levels else 0
        if action == _SET:
            return self._set(side, keys[index], size)
        if action == _REMOVE and levels > LEVELS_MIN:
            return self._remove(side, index)
        if levels >= LEVELS_MAX:
            return self._remove(side, 0)
        return self._set(side, keys[index] - 1 - gap, size)

    def _set(self, side: _Side, key: int, size: _Lots) -> Change:
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
        return Fill(self._trade_id, self._sequence, price, _lots(lots).text, taker)

    def _summary(self, last: Fill) -> Summary:
        return Summary(
            last,
            self._level(self._bids, self._bids.keys[-1]),
            self._level(self._asks, self._asks.keys[-1]),
            decimal_text(self._open, self._decimals),
            decimal_text(self._low, self._decimals),
            decimal_text(self._high, self._decimals),
            decimal_text(self._volume, _LOT_DECIMALS),
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
        levels = []
        for _ in range(LEVELS_START):
            word = self._word()
            levels.append((key, self._draws[word & 4095].size.lots))
            key -= 1 + (word >> 12 & gap_mask)
        return levels


def decimal_text(value: int, decimals: int) -> str:
    """Return `value` / 10**`decimals` exactly, without trailing zeros; `value` not negative."""
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".")


def _lots(lots: int) -> _Lots:
    return _Lots(lots, decimal_text(lots, _LOT_DECIMALS))


def _lay_out(product: str, typical: int, gap_mask: int) -> list[_Draw]:
    """Return 4096 changes of `product`, each as likely as the others."""
    word = Entropy(product).word
    draws = []
    for size in _SIZES:
        chance = word()
        draws.append(
            _Draw(
                on_bids=bool(chance & 1),
                depth=_DEPTHS[chance >> 1 & 4095],
                action=_ACTIONS[chance >> 13 & 15],
                size=_lots(max(1, typical * size >> 10)),
                gap=chance >> 17 & gap_mask,
            )
        )
    return draws


def _terms(product: str) -> tuple[int, int]:
    known = _KNOWN.get(product)
    if known is not None:
        return known
    number = int.from_bytes(blake2b(product.encode(), digest_size=8).digest())
    return 5_000 + number % 495_000, 2 + number // 495_000 % 4


def _mask(origin: int) -> int:
    """Return the largest gap between levels less one, all bits set: some 1/100,000 of the price."""
    return max(3, (1 << (origin // 100_000).bit_length()) - 1)
