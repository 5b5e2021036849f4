"""The tape: trades, newest first, with the side that took."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from ledgerflux_tui.lines import Line, Style
from ledgerflux_tui.present.levels import exact
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.prices import Number, aligned, fitted

SHORT, LONG = len("HH:MM:SS"), len("HH:MM:SS.mmm")
_MARKS = 1 + 3 + 2 + 2
"""Cells beside time, price and size: blanks, the side, the mark of a large trade."""
_SIZE_MIN, _WIDTH_MIN = 4, 4
LARGE_OF = 20
"""One trade in so many is a large one."""

_SIDES: dict[str, tuple[str, Style]] = {"buy": ("▲", "bid"), "sell": ("▼", "ask")}


class Trade(NamedTuple):
    """One trade: its time as RFC 3339 UTC, exact price and size, and the taker's side."""

    time: str
    price: Number
    size: Number
    side: str


def large_size(trades: Sequence[Trade]) -> Decimal | None:
    """Return the size from which a trade is one of the largest, one in twenty of these.

    None where there are too few to say.
    """
    if len(trades) < LARGE_OF:
        return None
    sizes = sorted(exact(trade.size) for trade in trades)
    return sizes[len(sizes) - max(1, len(sizes) // LARGE_OF)]


def filtered(trades: Sequence[Trade], minimum: Decimal, most: int) -> list[Trade]:
    """Return the first `most` trades of at least `minimum`."""
    if not minimum:
        return list(trades[:most])
    found: list[Trade] = []
    for trade in trades:
        if len(found) == most:
            break
        if exact(trade.size) >= minimum:
            found.append(trade)
    return found


def next_minimum(trades: Sequence[Trade], minimum: Decimal) -> Decimal:
    """Return the smallest size to show next: powers of ten from the middle trade's on, then zero.

    A power that no trade has is left out.
    """
    sizes = sorted(exact(trade.size) for trade in trades)
    if not sizes or not sizes[-1]:
        return Decimal(0)
    power = minimum.adjusted() + 1 if minimum else sizes[len(sizes) // 2].adjusted()
    found = Decimal((0, (1,), power))
    return found if found <= sizes[-1] else Decimal(0)


def tape(
    trades: Sequence[Trade],
    width: int,
    rows: int,
    *,
    minimum: Decimal = Decimal(0),
    large: Decimal | None = None,
    ascii_only: bool = False,
) -> list[Line]:
    """Return trades as exactly `rows` lines of at most `width` cells.

    Args:
        trades: Newest first.
        width: Cells of a line.
        rows: Lines; where the width has room for it trades stand in two columns, newest in
            the left one.
        minimum: Smaller trades are left out.
        large: Trades of this size and above are marked.
        ascii_only: Marks that every terminal has.
    """
    if width < _WIDTH_MIN or rows < 1:
        return [[]] * max(rows, 0)
    shown = filtered(trades, minimum, rows * 2)
    prices = aligned([trade.price for trade in shown], zeros=True)
    sizes = aligned([trade.size for trade in shown])
    price, size = (len(texts[0]) if texts else 0 for texts in (prices, sizes))
    columns = 2 if width >= 2 * (LONG + price + size + _MARKS) + 1 else 1
    shape = _shape(width // columns, price, size)
    cells = [
        _cell(trade, at, amount, shape, large)
        for trade, at, amount in zip(shown[: rows * columns], prices, sizes, strict=False)
    ]
    lines = [_beside(cells[row::rows], width // columns) for row in range(rows)]
    return in_ascii(lines) if ascii_only else lines


def _shape(width: int, price: int, size: int) -> tuple[int, int, int]:
    """Return the widths of time, price and size: the time goes first, the price never."""
    for time in (LONG, SHORT, -1):
        if width >= time + price + size + _MARKS:
            return max(time, 0), price, size
    rest = width - price - _MARKS + 1
    return 0, min(price, width - 3), rest if rest >= _SIZE_MIN else 0


def _cell(
    trade: Trade, price: str, size: str, shape: tuple[int, int, int], large: Decimal | None
) -> Line:
    mark, style = _SIDES.get(trade.side, ("=", "plain"))
    time_width, price_width, size_width = shape
    line: Line = []
    if time_width:
        line.append((" " + trade.time[11 : 11 + time_width], "dim"))
    line += [(f" {mark} ", style), (fitted(price, price_width), style)]
    if size_width:
        big = large is not None and exact(trade.size) >= large
        line.append(("  " + fitted(size, size_width), "head" if big else "plain"))
        line.append((" ◆" if big else "  ", "warn"))
    return line


def _beside(cells: Sequence[Line], width: int) -> Line:
    line: Line = []
    for index, cell in enumerate(cells):
        if index:
            line.append((" " * (width - sum(len(text) for text, _ in line)), "plain"))
        line += cell
    return line
