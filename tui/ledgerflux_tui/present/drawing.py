"""What both pictures of a book share: the rows in sight, the spread, the foot."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.axis import Axis, Look, Row, axis_of, body_of, seen
from ledgerflux_tui.present.levels import Level
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.prices import MORE, Trim, cut, fitted
from ledgerflux_tui.present.spread import pressure_line, spread_line
from ledgerflux_tui.present.sweep import sweep_line, sweep_of

Columns = tuple[int, int, int, int]
"""Widths of the four columns of a layout; what has none is left out."""


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


class Layout(NamedTuple):
    """How a picture arranges its columns: their widths, their titles, and one level in them.

    `level` is told whether the cursor points at it.
    """

    columns_of: Callable[[Axis, int], Columns]
    titles: Callable[[Columns, Axis], Line]
    level: Callable[[Drawing, Row, bool], Line]


def drawn(
    layout: Layout,
    bids: Sequence[Level],
    asks: Sequence[Level],
    width: int,
    rows: int,
    look: Look,
) -> list[Line]:
    """Return a book as exactly `rows` lines of at most `width` cells; levels come best first."""
    if rows < 1 or width < 1:
        return [[]] * max(rows, 0)
    axis = axis_of(bids, asks, look)
    columns = layout.columns_of(axis, width)
    head, count = body_of(rows)
    positions = seen(axis, count, look.cursor)
    scaled, cursor = axis.scaled(positions), axis.position(look.cursor)
    drawing = Drawing(scaled, look, columns, width, cut if head else fitted, cursor)
    lines = [layout.titles(columns, axis)][:head]
    lines += [_line(layout, drawing, at) for at in positions]
    if len(lines) < rows:
        lines.append(_foot(bids, asks, axis, width, look))
    return in_ascii(lines) if look.ascii_only else lines


def titled(names: tuple[str, ...], width: int, whole: int) -> str:
    """Return the first of `names` that fits; `…` after it where decimals are left out below."""
    mark = MORE if width < whole else ""
    name = next((name for name in names if len(name + mark) <= width), names[-1])
    return fitted(name + mark, width)


def _line(layout: Layout, drawing: Drawing, at: int) -> Line:
    if at == 0:
        return _spread(drawing.axis, drawing.width, drawing.look)
    row = drawing.axis.at(at)
    return [] if row is None else layout.level(drawing, row, at == drawing.cursor)


def _spread(axis: Axis, width: int, look: Look) -> Line:
    """Return the line between the best ask and the best bid of an axis."""
    best_bid = axis.bids[0].step.price if axis.bids else None
    best_ask = axis.asks[0].step.price if axis.asks else None
    return spread_line(best_bid, best_ask, width, ascii_only=look.ascii_only)


def _foot(bids: Sequence[Level], asks: Sequence[Level], axis: Axis, width: int, look: Look) -> Line:
    """Return what the cursor says, without one how the size shown is shared between the sides."""
    row = axis.at(axis.position(look.cursor) or 0)
    found = None if row is None else sweep_of(bids, asks, row.step.price, row.side)
    if row is not None and found is not None:
        return sweep_line(found, row.side, look.unit, width)
    shown = [row.step for row in axis.bids], [row.step for row in axis.asks]
    return pressure_line(*shown, width, ascii_only=look.ascii_only)
