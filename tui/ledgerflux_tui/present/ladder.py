"""The stacked book: asks above, bids below, the spread between them."""

from collections.abc import Sequence

from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.axis import Axis, Look, Row
from ledgerflux_tui.present.bars import bar
from ledgerflux_tui.present.drawing import Columns, Drawing, Layout, drawn, titled
from ledgerflux_tui.present.levels import Level
from ledgerflux_tui.present.prices import fitted, flashed

BAR_MIN = 4
_CAPS = (99, 12, 9, 7)
"""Widths that sizes and sums may be cut to, the widest that fits is taken."""


def ladder(
    bids: Sequence[Level], asks: Sequence[Level], width: int, rows: int, look: Look | None = None
) -> list[Line]:
    """Return a book as exactly `rows` lines of at most `width` cells; levels come best first."""
    layout = Layout(columns_of, _titles, _level)
    return drawn(layout, bids, asks, width, rows, look or Look())


def columns_of(axis: Axis, width: int) -> Columns:
    """Return the widths of sum, size, price and bar; sums go first, then bars, then sizes."""
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


def _level(drawing: Drawing, row: Row, chosen: bool) -> Line:
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
