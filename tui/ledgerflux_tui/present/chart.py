"""Upright bars over several lines: what a sparkline is in one. Pure."""

from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:-=+*##"


def upright(
    values: Sequence[float | None],
    rows: int,
    *,
    most: float | None = None,
    ascii_only: bool = False,
) -> list[str]:
    """Return exactly `rows` texts, one cell a value, the top first; None is left blank.

    A full bar stands for `most`, without it for the highest value. What is more than nothing
    always shows.
    """
    known = [value for value in values if value is not None]
    full = max(known, default=0.0) if most is None else most
    marks = _ASCII if ascii_only else _EIGHTHS
    heights = [_eighths(value, full, rows) for value in values]
    return [
        "".join(marks[max(0, min(8, height - row * 8))] for height in heights)
        for row in range(rows - 1, -1, -1)
    ]


def _eighths(value: float | None, full: float, rows: int) -> int:
    if value is None or value <= 0 or full <= 0:
        return 0
    return max(1, round(min(1.0, value / full) * rows * 8))
