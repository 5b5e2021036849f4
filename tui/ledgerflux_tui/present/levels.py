"""Levels of a book made ready to be shown: summed up, and grouped by price. Exact throughout."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Literal, NamedTuple

from ledgerflux_tui.present.prices import Number

EXACT = Context(prec=100)
"""Wide enough that no sum or product of a book's texts is ever rounded."""

Level = tuple[Number, Number]
"""Price and size, as the venue wrote them."""

BookSide = Literal["bid", "ask"]


class Step(NamedTuple):
    """A level as it is shown, with the size of all levels up to it."""

    price: Decimal
    size: Decimal
    cum: Decimal


def exact(value: Number) -> Decimal:
    """Return `value` as the Decimal it is."""
    return value if isinstance(value, Decimal) else Decimal(value)


def steps_of(levels: Sequence[Level], most: int | None = None) -> list[Step]:
    """Return the first `most` levels with their running sums, best first."""
    found: list[Step] = []
    cum = Decimal(0)
    for price, size in levels[:most]:
        amount = exact(size)
        cum = EXACT.add(cum, amount)
        found.append(Step(exact(price), amount, cum))
    return found


def grouped(
    levels: Sequence[Level],
    step: Decimal,
    side: BookSide,
    *,
    most: int | None = None,
    cut: bool = False,
) -> list[Step]:
    """Return levels summed up by price, bids at the multiple of `step` below, asks above.

    Args:
        levels: Best first.
        step: The width of a group, more than zero.
        side: Which way its price is rounded: always away from the other side.
        most: How many groups.
        cut: Whether the book goes on beyond `levels`; its last group is then not all there
            and is left out, unless it is the only one.
    """
    sums: dict[Decimal, Decimal] = {}
    for price, size in levels:
        at = nearest(exact(price), step, side)
        sums[at] = EXACT.add(sums.get(at, Decimal(0)), exact(size))
    groups = list(sums.items())
    if cut and len(groups) > 1:
        groups.pop()
    return steps_of(groups, most)


def nearest(price: Decimal, step: Decimal, side: BookSide) -> Decimal:
    """Return the multiple of `step` that a price of this side belongs to."""
    below = EXACT.multiply(EXACT.divide_int(price, step), step)
    if side == "ask" and below != price:
        return EXACT.add(below, step)
    return below


def group_widths(places: int, count: int = 12) -> list[Decimal]:
    """Return widths to group prices by: 1, 2 and 5 times the powers of ten from the tick on.

    Args:
        places: Decimals of the prices; the first width is one unit of the last.
        count: How many widths.
    """
    return [Decimal((0, ((1, 2, 5)[at % 3],), at // 3 - places)) for at in range(count)]
