"""Lines of styled text, tables of them, and numbers as people read them: pure, no terminal.

A line is a list of (text, style) with styles by meaning: whoever draws maps them to
colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ledgerflux.model.units import NANOS_PER_S, parse_time_ns

Style = Literal[
    "plain", "dim", "head", "good", "warn", "bad", "bid", "ask",
    "bar_bid", "bar_ask", "flash", "select", "stale",
]  # fmt: skip
Segment = tuple[str, Style]
Line = list[Segment]

NOTHING = "-"
"""Stands where a value is not known."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, which side it is flush to, and when it is left out.

    Of the columns that do not fit, the one with the highest `rank` goes first; rank 0
    always stays.
    """

    title: str
    right: bool = False
    rank: int = 0


def text_of(line: Line) -> str:
    """Return the text of a line without its styles."""
    return "".join(text for text, _ in line).rstrip()


def table(columns: Sequence[Column], rows: Sequence[Sequence[Segment]], width: int) -> list[Line]:
    """Return title and rows as aligned lines no wider than `width`."""
    widths = [
        max(len(column.title), *(len(row[index][0]) for row in rows), 0)
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while sum(widths[index] + 2 for index in shown) - 2 > width:
        droppable = [index for index in shown if columns[index].rank]
        if not droppable:
            break
        worst = max(columns[index].rank for index in droppable)
        shown = [index for index in shown if columns[index].rank != worst]
    titles: list[Segment] = [(column.title, "dim") for column in columns]
    return [_row(columns, widths, shown, cells) for cells in (titles, *rows)]


def _row(
    columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int], cells: Sequence[Segment]
) -> Line:
    line: Line = []
    for index in shown:
        text, style = cells[index]
        pad = text.rjust(widths[index]) if columns[index].right else text.ljust(widths[index])
        line += [(pad, style), ("  ", "plain")]
    return line[:-1]


def number(value: float | None) -> str:
    """Return a count or rate for people, with thousands separated."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def milliseconds(value: float | None) -> str:
    """Return a time for people: `0.4 ms`, `21 ms`, `1.5 s`; it may be negative."""
    if value is None:
        return NOTHING
    if abs(value) >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if abs(value) < 10 else f"{value:.0f} ms"


def size(value: int | None) -> str:
    """Return bytes for people, in powers of 1000."""
    if value is None:
        return NOTHING
    for unit, scale in (("B", 1), ("kB", 1_000), ("MB", 1_000_000)):
        if value < scale * 1000:
            return f"{value / scale:.0f} {unit}"
    return f"{value / 1_000_000_000:.1f} GB"


def age(since: str, now_ns: int) -> str:
    """Return how long ago `since` was: `12 s`, `3 min`, `2 h`, `4 d`."""
    then_ns = parse_time_ns(since)
    if then_ns is None:
        return NOTHING
    seconds = max(0, now_ns - then_ns) // NANOS_PER_S
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // divisor} {unit}"
    return f"{seconds // 86_400} d"
