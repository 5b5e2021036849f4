"""Candles with wicks at half a cell, their axis of prices and of time, and their volume.

Bars that rose are thin, bars that fell are full, so that nothing hangs on colour. A bar that
may lack trades has a `~` below it.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from ledgerflux.model.units import rfc3339
from ledgerflux_tui.lines import Line, Style
from ledgerflux_tui.present.levels import EXACT, exact
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.prices import Number, decimals, digits, fitted, padded

DAY_S = 86_400
_ROSE = {
    "  ": " ",
    "WW": "│",
    "W ": "╵",
    " W": "╷",
    "BB": "┃",
    "B ": "╹",
    " B": "╻",
    "WB": "╽",
    "BW": "╿",
}
_FELL = _ROSE | {"BB": "█", "B ": "▀", " B": "▄", "WB": "▄", "BW": "▀"}
_ASCII = {"rose": "+", "fell": "#", "wick": "|"}
_VOLUME, _VOLUME_ASCII = " ▁▂▃▄▅▆▇█", " _.-=#"
_LABEL_EVERY = 4
_AXIS_MIN = 4
"""Fewer cells for bars than this, and the axes are left out."""
_VOLUME_ROWS_MIN, _MARKS_ROWS_MIN = 8, 7


class Bar(NamedTuple):
    """The trades of one interval, exact; `whole` says that none of them can be missing."""

    start_ns: int
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    closed: bool = True
    whole: bool = True


class Plot(NamedTuple):
    """Where prices stand: `rows` lines from `low` to `high`."""

    low: Decimal
    high: Decimal
    rows: int

    def half(self, price: Number) -> int:
        """Return the half line of a price, 0 the topmost."""
        span = EXACT.subtract(self.high, self.low)
        halves = self.rows * 2 - 1
        if not span:
            return halves // 2
        part = float(EXACT.subtract(self.high, exact(price))) / float(span)
        return min(halves, max(0, round(part * halves)))

    def price(self, row: int) -> Decimal:
        """Return the price at the middle of a line."""
        if self.rows == 1:
            return self.high
        span = EXACT.subtract(self.high, self.low)
        share = Decimal(2 * row) + Decimal("0.5")
        return EXACT.subtract(
            self.high, EXACT.divide(EXACT.multiply(span, share), Decimal(self.rows * 2 - 1))
        )


def candles(
    bars: Sequence[Bar], width: int, rows: int, *, interval_s: int = 60, ascii_only: bool = False
) -> list[Line]:
    """Return the newest bars as exactly `rows` lines of at most `width` cells.

    Args:
        bars: Oldest first.
        width: Cells of a line.
        rows: Lines: prices, then the time, then (from 8 lines on) the volume.
        interval_s: Length of a bar in seconds.
        ascii_only: Marks that every terminal has.
    """
    if rows < 1 or width < 1:
        return [[]] * max(rows, 0)
    if not bars:
        return _nothing(width, rows)
    places = max(decimals(price) for bar in bars for price in (bar.high, bar.low))
    gutter = max(len(padded(digits(bar.high), places, "0")) for bar in bars) + 2
    gutter = max(gutter, len("volume") + 2)
    if width < gutter + _AXIS_MIN:
        gutter = 0
    room = max(width - gutter - (1 if gutter else 0), 1)
    pitch = 2 if len(bars) * 2 <= room else 1
    shown = bars[-(room // pitch) :]
    marks = rows >= _MARKS_ROWS_MIN and not all(bar.whole for bar in shown)
    volume = rows >= _VOLUME_ROWS_MIN and gutter > 0
    times = rows >= 3 and gutter > 0
    height = rows - volume - marks - times
    plot = Plot(min(exact(bar.low) for bar in shown), max(exact(bar.high) for bar in shown), height)
    lines = _body(shown, plot, pitch, gutter, places, ascii_only=ascii_only)
    if marks:
        lines.append(_marks_line(shown, pitch, gutter))
    if times:
        lines.append(_times_line(shown, pitch, gutter, room, interval_s))
    if volume:
        lines.append(_volume_line(shown, pitch, gutter, ascii_only=ascii_only))
    return in_ascii(lines) if ascii_only else lines


def _nothing(width: int, rows: int) -> list[Line]:
    lines: list[Line] = [[] for _ in range(rows)]
    lines[rows // 2] = [("no candles yet"[:width].center(width).rstrip(), "dim")]
    return lines


def _body(
    bars: Sequence[Bar], plot: Plot, pitch: int, gutter: int, places: int, *, ascii_only: bool
) -> list[Line]:
    columns = [_column(bar, plot, ascii_only=ascii_only) for bar in bars]
    styles: list[Style] = [_style(bar) for bar in bars]
    last = plot.half(bars[-1].close) // 2
    lines: list[Line] = []
    for row in range(plot.rows):
        line: Line = []
        if gutter:
            labelled = row % _LABEL_EVERY == 0
            text = _label(plot.price(row), places) if labelled else ""
            line.append((fitted(text, gutter - 2) + (" ┤" if labelled else " │"), "dim"))
        line += _row([column[row] for column in columns], styles, pitch)
        if gutter and row == last:
            line.append(("◀", "head"))
        lines.append(line)
    return lines


def _label(price: Decimal, places: int) -> str:
    return digits(EXACT.quantize(price, Decimal((0, (1,), -places))))


def _row(cells: Sequence[str], styles: Sequence[Style], pitch: int) -> Line:
    """Return the cells of a line, neighbours of one style as one segment."""
    line: Line = []
    text, style = "", styles[0]
    for cell, own in zip(cells, styles, strict=True):
        if own != style and cell != " ":
            if text:
                line.append((text, style))
            text, style = "", own
        text += cell if pitch == 1 else cell + " "
    line.append((text, style))
    return line


def _style(bar: Bar) -> Style:
    return "bid" if exact(bar.close) >= exact(bar.open) else "ask"


def _column(bar: Bar, plot: Plot, *, ascii_only: bool) -> list[str]:
    """Return the marks of a bar from top to bottom."""
    top, bottom = plot.half(bar.high), plot.half(bar.low)
    ends = plot.half(bar.open), plot.half(bar.close)
    first, last = min(ends), max(ends)
    halves = [
        " " if at < top or at > bottom else "B" if first <= at <= last else "W"
        for at in range(plot.rows * 2)
    ]
    rose = _style(bar) == "bid"
    pairs = ["".join(halves[at : at + 2]) for at in range(0, len(halves), 2)]
    if ascii_only:
        body = _ASCII["rose" if rose else "fell"]
        return [body if "B" in pair else _ASCII["wick"] if "W" in pair else " " for pair in pairs]
    return [(_ROSE if rose else _FELL)[pair] for pair in pairs]


def _marks_line(bars: Sequence[Bar], pitch: int, gutter: int) -> Line:
    text = "".join((" " if bar.whole else "~").ljust(pitch) for bar in bars)
    name = fitted("gaps", gutter - 2) + "  " if gutter else ""
    return [(name, "dim"), (text, "warn")]


def _times_line(bars: Sequence[Bar], pitch: int, gutter: int, room: int, interval_s: int) -> Line:
    text = " " * gutter
    for index, bar in enumerate(bars):
        at = gutter + index * pitch
        label = _time(bar.start_ns, interval_s)
        fits = at + len(label) <= gutter + room
        if fits and (at == gutter or at >= len(text) + 3):
            text = text.ljust(at) + label
    return [(text, "dim")]


def _time(start_ns: int, interval_s: int) -> str:
    """Return when a bar begins, UTC: hour and minute, of a bar of a day month and day."""
    text = rfc3339(start_ns)
    return text[11:16] if interval_s < DAY_S else text[5:10]


def _volume_line(bars: Sequence[Bar], pitch: int, gutter: int, *, ascii_only: bool) -> Line:
    marks = _VOLUME_ASCII if ascii_only else _VOLUME
    volumes = [float(exact(bar.volume)) for bar in bars]
    most, top = max(volumes), len(marks) - 1
    cells = [marks[max(1, round(volume / most * top))] if volume > 0 else " " for volume in volumes]
    name = fitted("volume", gutter - 2) + "  "
    return [(name, "dim"), *_row(cells, [_style(bar) for bar in bars], pitch)]
