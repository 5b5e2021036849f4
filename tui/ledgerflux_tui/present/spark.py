"""Sparklines: the newest values of a row, one a cell."""

from collections.abc import Sequence
from decimal import Decimal

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=#"


def spark(
    values: Sequence[float | Decimal | None],
    width: int,
    *,
    floor: float | None = None,
    ascii_only: bool = False,
) -> str:
    """Return the last `width` values in exactly `width` cells, the newest at the right.

    Args:
        values: Oldest first; None leaves a hole.
        width: Cells to fill.
        floor: What the lowest mark stands for; without it, the lowest value shown.
        ascii_only: Marks that every terminal has.
    """
    shown = list(values[-width:]) if width > 0 else []
    known = [float(value) for value in shown if value is not None]
    marks = _ASCII if ascii_only else _BLOCKS
    if not known:
        return " " * max(width, 0)
    low = min(known) if floor is None else min(floor, *known, floor)
    span = max(known) - low
    flat = marks[0] if floor is not None else marks[(len(marks) - 1) // 2]
    top = len(marks) - 1
    cells = [
        " " if value is None
        else flat if span <= 0
        else marks[round((float(value) - low) / span * top)]
        for value in shown
    ]  # fmt: skip
    return "".join(cells).rjust(width)
