"""The stacked book: asks above, bids below, the spread between them."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.axis import Axis, Look, Row, axis_of, body_of, seen
from ledgerflux_tui.present.bars import bar
from ledgerflux_tui.present.levels import Level
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.prices import MORE, Trim, cut, fitted, flashed
from ledgerflux_tui.present.spread import pressure_line, spread_line
from ledgerflux_tui.present.sweep import sweep_line, sweep_of

BAR_MIN = 4
_CAPS = (99, 12, 9, 7)
"""Widths that sizes and sums may be cut to, the widest that fits is taken."""

Columns = tuple[int, int, int, int]
"""Widths of running sum, size, price and bar; what has none is left out."""


class Drawing(NamedTuple):
    """What the lines of one picture of a book have in common.

    `trim` makes numbers fit, `cursor` is the position that is pointed at.
    """

    axis: Axis
    look: Look
    columns: Columns
    width: int
    trim: Trim
    cursor: int | None


def ladder(
    bids: Sequence[Level], asks: Sequence[Level], width: int, rows: int, look: Look | None = None
) -> list[Line]:
    """Return a book as exactly `rows` lines of at most `width` cells; levels come best first."""
    look = look or Look()
    if rows < 1 or width < 1:
        return [[]] * max(rows, 0)
    axis = axis_of(bids, asks, look)
    columns = columns_of(axis, width)
    head, count = body_of(rows)
    trim = cut if head else fitted
    positions = seen(axis, count, look.cursor)
    drawing = Drawing(
        axis.scaled(positions), look, columns, width, trim, axis.position(look.cursor)
    )
    lines = [_titles(columns, axis)][:head]
    lines += [_line(drawing, at) for at in positions]
    if len(lines) < rows:
        lines.append(foot(bids, asks, axis, width, look))
    return in_ascii(lines) if look.ascii_only else lines


def columns_of(axis: Axis, width: int) -> Columns:
    """Return the widths of the columns: without room sums go first, then bars, then sizes."""
    price, size, cum = axis.widths()
    price = min(price, width - 1)
    for cap in _CAPS:
        one, other = min(cum, cap), min(size, cap)
        room = width - (1 + one + 2 + other + 2 + price + 2)
        if room >= BAR_MIN:
            return one, other, price, room
    for cap in _CAPS:
        other = min(size, cap)
        room = width - (1 + other + 2 + price + 2)
        if room >= BAR_MIN:
            return 0, other, price, room
        if room >= -2:
            return 0, other, price, 0
    return 0, 0, price, 0


def _titles(columns: Columns, axis: Axis) -> Line:
    cum, size, price, bars = columns
    _, whole_size, whole_cum = axis.widths()
    text = " "
    if cum:
        text += titled(("cum",), cum, whole_cum) + "  "
    if size:
        text += titled(("size",), size, whole_size) + "  "
    text += fitted("price", price)
    return [(text + ("  depth" if bars >= len("depth") else ""), "dim")]


def titled(names: tuple[str, ...], width: int, whole: int) -> str:
    """Return the first of `names` that fits; `…` after it where decimals are left out below."""
    mark = MORE if width < whole else ""
    name = next((name for name in names if len(name + mark) <= width), names[-1])
    return fitted(name + mark, width)


def _line(drawing: Drawing, at: int) -> Line:
    if at == 0:
        return spread(drawing.axis, drawing.width, drawing.look)
    row = drawing.axis.at(at)
    return [] if row is None else _level(drawing, row, chosen=at == drawing.cursor)


def _level(drawing: Drawing, row: Row, *, chosen: bool) -> Line:
    cum, size, price, bars = drawing.columns
    trim, look = drawing.trim, drawing.look
    line: Line = [("▶" if chosen else " ", "select" if chosen else "plain")]
    if cum:
        line.append((trim(row.cum, cum) + "  ", "dim"))
    if size:
        now = trim(row.size, size)
        then = None if row.before is None else trim(row.before, size)
        line += flashed(then, now, "plain")
        line.append(("  ", "plain"))
    line.append((fitted(row.price, price), "select" if chosen else row.side))
    if bars:
        text = bar(float(row.step.size), drawing.axis.most, bars, ascii_only=look.ascii_only)
        line.append(("  " + text, "bar_bid" if row.side == "bid" else "bar_ask"))
    return line


def spread(axis: Axis, width: int, look: Look) -> Line:
    """Return the line between the best ask and the best bid of an axis."""
    best_bid = axis.bids[0].step.price if axis.bids else None
    best_ask = axis.asks[0].step.price if axis.asks else None
    return spread_line(best_bid, best_ask, width, ascii_only=look.ascii_only)


def foot(bids: Sequence[Level], asks: Sequence[Level], axis: Axis, width: int, look: Look) -> Line:
    """Return what the cursor says, without one how the size shown is shared between the sides."""
    row = axis.at(axis.position(look.cursor) or 0)
    found = None if row is None else sweep_of(bids, asks, row.step.price, row.side)
    if row is not None and found is not None:
        return sweep_line(found, row.side, look.unit, width)
    shown = [row.step for row in axis.bids], [row.step for row in axis.asks]
    return pressure_line(*shown, width, ascii_only=look.ascii_only)
