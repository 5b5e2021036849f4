"""What can happen to a made book, laid out beforehand: a change costs one look-up."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from ledgerflux.core.entropy import Entropy

LOT_DECIMALS = 8
DRAW_MASK = 4095
"""A product has this many changes and one, each as likely as the others."""
MORE_SHIFTS = ((),) * 9 + ((28,),) * 4 + ((28, 40),) * 2 + ((28, 40, 52),)
"""By four bits of a word: which bits of it draw the changes of an update after its first."""
SET, REMOVE, ADD = range(3)

_ACTIONS = (SET,) * 9 + (REMOVE,) * 3 + (ADD,) * 4
_COUNT = DRAW_MASK + 1
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

# Sizes as a Pareto quantile, in 1/1024 of the typical one: half are below it, one in a
# hundred is over thirty times as large. Depths fall off in the same manner.
_SIZES = tuple(int(1024 * 0.53 * (1 - (i + 0.5) / _COUNT) ** -0.9) for i in range(_COUNT))
_DEPTHS = tuple(min(int(8 * ((1 - (i + 0.5) / _COUNT) ** -0.7 - 1)), 400) for i in range(_COUNT))


class Terms(NamedTuple):
    """How a product is quoted: first price in ticks, decimals of a tick, gap between levels.

    Levels are one to `gap_mask` + 1 ticks apart; all bits of `gap_mask` are set.
    """

    origin: int
    decimals: int
    gap_mask: int


class Lots(NamedTuple):
    """A size, in lots of 1e-8 and as text."""

    lots: int
    text: str


class Draw(NamedTuple):
    """One possible change: of the level that is `depth` from the best, or `gap` + 1 behind it."""

    on_bids: bool
    depth: int
    action: int
    size: Lots
    gap: int


def terms_of(product: str) -> Terms:
    """Return the terms of any product: its own, or such as its name gives."""
    known = _KNOWN.get(product)
    if known is None:
        number = int.from_bytes(blake2b(product.encode(), digest_size=8).digest())
        known = 5_000 + number % 495_000, 2 + number // 495_000 % 4
    # Some 1/100,000 of the price, as the levels of liquid products are.
    return Terms(*known, max(3, (1 << (known[0] // 100_000).bit_length()) - 1))


@lru_cache(maxsize=64)
def draws_of(product: str) -> tuple[Draw, ...]:
    """Return everything that one change of `product` can be."""
    terms = terms_of(product)
    typical = _NOTIONAL_TYPICAL * 10 ** (LOT_DECIMALS + terms.decimals) // terms.origin
    word = Entropy(product).word
    draws: list[Draw] = []
    for size in _SIZES:
        chance = word()
        draws.append(
            Draw(
                on_bids=bool(chance & 1),
                depth=_DEPTHS[chance >> 1 & DRAW_MASK],
                action=_ACTIONS[chance >> 13 & 15],
                size=lots_of(max(1, typical * size >> 10)),
                gap=chance >> 17 & terms.gap_mask,
            )
        )
    return tuple(draws)


def lots_of(lots: int) -> Lots:
    """Return `lots` with their text."""
    return Lots(lots, decimal_text(lots, LOT_DECIMALS))


def decimal_text(value: int, decimals: int) -> str:
    """Return `value` / 10**`decimals` exactly, without trailing zeros; `value` not negative."""
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".")
