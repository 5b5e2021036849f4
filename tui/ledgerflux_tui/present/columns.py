"""Tables whose columns stand still: each has its width, and goes when there is no room."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux_tui.lines import Line, Segment


class Fixed(NamedTuple):
    """A column of `width` cells; of those that do not fit, the highest `rank` goes first.

    Rank 0 always stays.
    """

    name: str
    title: str
    width: int
    right: bool = True
    rank: int = 0


class Placed(NamedTuple):
    """A column that is shown, and where it begins."""

    column: Fixed
    start: int


def placed(columns: Sequence[Fixed], width: int, start: int = 0) -> list[Placed]:
    """Return the columns that fit `width`, the first at cell `start`, one cell apart."""
    shown = list(columns)
    while start + sum(column.width + 1 for column in shown) - 1 > width:
        worst = max(shown, key=lambda column: column.rank)
        if not worst.rank:
            break
        shown.remove(worst)
    found: list[Placed] = []
    for column in shown:
        found.append(Placed(column, start))
        start += column.width + 1
    return found


def used(columns: Sequence[Placed]) -> int:
    """Return how many cells the columns take, what is before them included."""
    return columns[-1].start + columns[-1].column.width if columns else 0


def cells_line(columns: Sequence[Placed], cells: Sequence[Segment], lead: Segment) -> Line:
    """Return `lead` and the cells of the columns; what is too long is cut with a mark."""
    first = columns[0].start if columns else 0
    line: Line = [(lead[0].ljust(first)[:first], lead[1])]
    for (column, _), (text, style) in zip(columns, cells, strict=True):
        shown = text if len(text) <= column.width else text[: column.width - 1] + "…"
        pad = shown.rjust(column.width) if column.right else shown.ljust(column.width)
        line += [(pad, style), (" ", "plain")]
    return line[:-1]


def head_line(columns: Sequence[Placed], sort: str = "", *, reverse: bool = False) -> Line:
    """Return the titles; the column it is sorted by is marked."""
    mark = "▾" if reverse else "▴"
    cells: list[Segment] = [
        (f"{column.title}{mark}" if column.name == sort else column.title, "dim")
        for column, _ in columns
    ]
    return cells_line(columns, cells, ("", "plain"))


def column_at(columns: Sequence[Placed], x: int) -> str | None:
    """Return the name of the column at cell `x`, None where there is none."""
    for column, start in columns:
        if start <= x < start + column.width:
            return column.name
    return None
