"""What it would take to trade through a book up to a price."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.levels import EXACT, BookSide, Level, exact
from ledgerflux_tui.present.prices import decimals, digits
from ledgerflux_tui.present.spread import basis_points, fitted_left, mid

_MORE_DECIMALS = 2
"""An average has so many decimals more than the prices it is made of."""


class Sweep(NamedTuple):
    """Trading every level up to `price`.

    `quantity` and `cost` are exact; `average` is their quotient, rounded half to even to two
    decimals more than the prices have; `impact_bp` is how far it lies from the mid price (from
    the best price of the side where the other is empty), in basis points to two decimals.
    """

    price: Decimal
    quantity: Decimal
    cost: Decimal
    average: Decimal
    impact_bp: Decimal


def sweep(levels: Sequence[Level], price: Decimal, side: BookSide, other: Level | None) -> Sweep:
    """Return what trading `levels` up to `price` takes.

    Args:
        levels: Of the side that is swept, best first, one at least within `price`.
        price: The worst price that is paid, or taken.
        side: Which side is swept.
        other: The best level of the other side.
    """
    quantity = cost = Decimal(0)
    for at, size in levels:
        level, amount = exact(at), exact(size)
        if level > price if side == "ask" else level < price:
            break
        quantity = EXACT.add(quantity, amount)
        cost = EXACT.add(cost, EXACT.multiply(level, amount))
    best = exact(levels[0][0])
    middle = best if other is None else mid(best, exact(other[0]))
    average = EXACT.divide(cost, quantity) if quantity else best
    impact = EXACT.subtract(average, middle)
    places = Decimal((0, (1,), -(max(decimals(at) for at, _ in levels) + _MORE_DECIMALS)))
    return Sweep(
        price,
        quantity,
        cost,
        average.quantize(places, ROUND_HALF_EVEN, EXACT),
        basis_points(impact if side == "ask" else -impact, middle),
    )


def sweep_of(
    bids: Sequence[Level], asks: Sequence[Level], price: Decimal, side: BookSide
) -> Sweep | None:
    """Return the sweep of a book's side to `price`, None where that side is empty."""
    levels, others = (bids, asks) if side == "bid" else (asks, bids)
    return sweep(levels, price, side, others[0] if others else None) if levels else None


def sweep_line(found: Sweep, side: BookSide, unit: str, width: int) -> Line:
    """Return the read-out of a cursor: as much of it as fits."""
    verb = "buy" if side == "ask" else "sell"
    amount = f"{verb} {digits(found.quantity)}{' ' if unit else ''}{unit}"
    parts = [
        amount,
        f"avg {digits(found.average)}",
        f"impact {found.impact_bp} bp",
        f"to {digits(found.price)}",
    ]
    text = " " + amount
    for shown in range(len(parts), 0, -1):
        text = " " + "  ".join(parts[:shown])
        if len(text) <= width:
            break
    return [(fitted_left(text, width), "select")]
