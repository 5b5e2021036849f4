"""Rows of plain text in columns."""

from collections.abc import Sequence

INDENT = "  "
GAP = "  "


def rows_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return `rows` with their columns below each other; the last one is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [
        INDENT
        + GAP.join(
            (*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1])
        )
        for row in rows
    ]
