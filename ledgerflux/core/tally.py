"""Counts of values in cells three digits fine: what a latency costs to note is two look-ups.

The cells are those of an HDR histogram with three significant digits: up to 2047 one cell a
value, above it the eleven highest bits of the value.
"""

from collections.abc import Iterable

EXACT_BITS = 11
EXACT = 1 << EXACT_BITS
"""Values below it have a cell of their own."""


def cell_of(value: int) -> int:
    """Return the lowest value that shares its cell with `value` (not negative)."""
    if value < EXACT:
        return value
    shift = value.bit_length() - EXACT_BITS
    return value >> shift << shift


class Tally:
    """How often each cell was hit; bounded by the cells of the largest value, 1024 an octave."""

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells: dict[int, int] = {}

    def add(self, value: int, count: int = 1) -> None:
        """Count `value`; a negative one counts as 0."""
        cell = cell_of(max(value, 0))
        self.cells[cell] = self.cells.get(cell, 0) + count

    def add_ramp(self, highest: int, lowest: int, count: int) -> None:
        """Count `count` values spread evenly from `highest` to `lowest`, in 64 steps at most."""
        steps = min(count, 64)
        for step in range(steps):
            share = count * (step + 1) // steps - count * step // steps
            self.add(lowest + (highest - lowest) * (2 * step + 1) // (2 * steps), share)

    def take(self) -> list[tuple[int, int]]:
        """Return cells and their counts, and begin anew."""
        cells, self.cells = self.cells, {}
        return list(cells.items())


def percentile(cells: Iterable[tuple[int, int]], share: float) -> int | None:
    """Return the cell below or in which `share` (0 to 1) of the counts lie; None without any."""
    ordered = sorted(cells)
    wanted = share * sum(count for _, count in ordered)
    seen = 0
    for cell, count in ordered:
        seen += count
        if seen >= wanted:
            return cell
    return None
