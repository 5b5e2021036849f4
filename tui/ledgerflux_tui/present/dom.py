"""The book on one axis of prices: bids to its left, asks to its right."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.axis import Axis, Look, Row
from ledgerflux_tui.present.bars import bar
from ledgerflux_tui.present.drawing import Columns, Drawing, Layout, drawn, titled
from ledgerflux_tui.present.levels import BookSide, Level, exact, nearest
from ledgerflux_tui.present.prices import fitted, flashed

_BAR_GOOD, _BAR_MIN = 8, 3
_CAPS = (99, 12, 9, 7)
_GAP = 2


def dom(
    bids: Sequence[Level], asks: Sequence[Level], width: int, rows: int, look: Look | None = None
) -> list[Line]:
    """Return a book as exactly `rows` lines of at most `width` cells; levels come best first."""
    look = look or Look()
    level = partial(_level, _last_price(asks, look))
    return drawn(Layout(columns_of, _titles, level), bids, asks, width, rows, look)


def columns_of(axis: Axis, width: int) -> Columns:
    """Return the widths of sum, size, bar and price; sums go first, then bars, then sizes."""
    price, size, cum = axis.widths()
    price = min(price, width - 1)
    half = (width - 1 - price) // 2
    for sums, least in ((True, _BAR_GOOD), (True, _BAR_MIN), (False, _BAR_MIN)):
        for cap in _CAPS:
            one, other = (min(cum, cap) if sums else 0), min(size, cap)
            room = half - (one + _GAP if one else 0) - other - 2 * _GAP
            if room >= least:
                return one, other, room, price
    for cap in _CAPS:
        if half >= min(size, cap) + _GAP:
            return 0, min(size, cap), 0, price
    return 0, 0, 0, price


def _titles(columns: Columns, axis: Axis) -> Line:
    cum, size, bars, price = columns
    _, whole_size, whole_cum = axis.widths()
    cells: list[list[str]] = []
    for side in ("bid", "ask"):
        cells.append([])
        if cum:
            cells[-1].append(titled((f"{side} cum", "cum"), cum, whole_cum))
        if size:
            cells[-1].append(titled((f"{side} size", side), size, whole_size))
        if bars:
            cells[-1].append(" " * bars)
    line = (" " * _GAP).join([*cells[0], fitted("price", price), *reversed(cells[1])])
    return [(" " + line, "dim")]


def _level(last: Decimal | None, drawing: Drawing, row: Row, chosen: bool) -> Line:
    mark: Line = [("▶" if chosen else " ", "select" if chosen else "plain")]
    price: Line = [(fitted(row.price, drawing.columns[3]), "select" if chosen else row.side)]
    beside = _half(drawing, row)
    other = _empty(row, drawing.columns, traded=row.step.price == last)
    if row.side == "bid":
        return [*mark, *beside, *price, *other]
    return [*mark, *other, *price, *beside]


def _half(drawing: Drawing, row: Row) -> Line:
    """Return the columns of a level on its own side of the price."""
    cum, size, bars, _ = drawing.columns
    trim, look = drawing.trim, drawing.look
    left, gap = row.side == "bid", " " * _GAP
    cells: list[Line] = []
    if cum:
        cells.append([(trim(row.cum, cum), "dim")])
    if size:
        then = None if row.before is None else trim(row.before, size)
        cells.append(flashed(then, trim(row.size, size), "plain"))
    if bars:
        text = bar(
            float(row.step.size), drawing.axis.most, bars, right=left, ascii_only=look.ascii_only
        )
        cells.append([(text, "bar_bid" if left else "bar_ask")])
    line: Line = []
    for cell in cells if left else reversed(cells):
        line += [*cell, (gap, "plain")] if left else [(gap, "plain"), *cell]
    return line


def _empty(row: Row, columns: Columns, *, traded: bool) -> Line:
    """Return the other side of a level: nothing, or the mark of the last trade."""
    room = sum(column + _GAP for column in columns[:3] if column)
    if not traded:
        return [(" " * room, "plain")] if row.side == "ask" else []
    if row.side == "bid":
        return [(" ◀ last"[:room].ljust(room), "head")]
    return [("last ▶ "[-room:].rjust(room) if room else "", "head")]


def _last_price(asks: Sequence[Level], look: Look) -> Decimal | None:
    """Return the price of the row in which the last trade lies, None where there was none."""
    if look.last is None:
        return None
    last = exact(look.last)
    if look.group is None:
        return last
    side: BookSide = "ask" if asks and last >= exact(asks[0][0]) else "bid"
    return nearest(last, look.group, side)
