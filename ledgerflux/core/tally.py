"""Counts of values in cells two or three digits fine: what a latency costs to note is two look-ups.

The cells are those of an HDR histogram with as many significant digits: of a large value its
highest bits are kept.
"""

from collections.abc import Iterable

THREE_DIGITS = 11
"""Bits kept of a value: 2047 and less are exact."""
TWO_DIGITS = 8


def cell_of(value: int, bits: int = THREE_DIGITS) -> int:
    """Return the lowest value that shares its cell with `value` (not negative)."""
    shift = value.bit_length() - bits
    return value >> shift << shift if shift > 0 else value


class Tally:
    """How often each cell was hit; bounded by the cells of the largest value.

    An octave has 2**(`bits` - 1) cells.
    """

    __slots__ = ("_bits", "cells")

    def __init__(self, bits: int = THREE_DIGITS) -> None:
        self._bits = bits
        self.cells: dict[int, int] = {}

    def add(self, value: int, count: int = 1) -> None:
        """Count `value`; a negative one counts as 0."""
        cell = cell_of(max(value, 0), self._bits)
        self.cells[cell] = self.cells.get(cell, 0) + count

    def add_all(self, values: Iterable[int]) -> None:
        """Count each of `values`, none negative: as `add` does, in one go."""
        cells, bits = self.cells, self._bits
        for value in values:
            shift = value.bit_length() - bits
            cell = value >> shift << shift if shift > 0 else value
            cells[cell] = cells.get(cell, 0) + 1

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
