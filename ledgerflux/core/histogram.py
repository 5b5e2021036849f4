"""Counts of latencies in cells of a quarter octave: small enough to send once a second.

Cell `i` counts those above `upper_ms(i - 1)` and at most `upper_ms(i)`, the first everything
below, the last everything above. Sums of many, and the difference of two looks at one that
only grows, are histograms again: so a reader can show any span of time it has seen.
"""

from collections.abc import Sequence
from math import ceil, exp2, log2

from ledgerflux.model.units import NANOS_PER_MS

CELLS = 82
FLOOR_MS = 0.0625
CELLS_PER_OCTAVE = 4

Counts = Sequence[int]
"""Counts by cell; cells after the last one given are 0."""


def upper_ms(cell: int) -> float:
    """Return the highest latency that `cell` counts, in ms; the last cell has no end."""
    return FLOOR_MS * exp2(cell / CELLS_PER_OCTAVE)


def cell_of(latency_ns: float) -> int:
    """Return the cell that counts `latency_ns`."""
    ratio = latency_ns / (FLOOR_MS * NANOS_PER_MS)
    return 0 if ratio <= 1 else min(CELLS - 1, ceil(CELLS_PER_OCTAVE * log2(ratio)))


def total_of(histograms: Sequence[Counts]) -> list[int]:
    """Return the sum, without zeros at its end."""
    summed = [0] * max(map(len, histograms), default=0)
    for counts in histograms:
        for cell, count in enumerate(counts):
            summed[cell] += count
    return _short(summed)


def since(now: Counts, then: Counts) -> list[int]:
    """Return what was counted between two looks; all of `now` where counting began anew."""
    if len(then) > len(now) or any(a < b for a, b in zip(now, then, strict=False)):
        return _short(list(now))
    earlier = [*then, *[0] * (len(now) - len(then))]
    return _short([a - b for a, b in zip(now, earlier, strict=True)])


def percentile_ms(counts: Counts, share: float) -> float | None:
    """Return the latency in ms below which `share` (0 to 1) lie, to about a tenth.

    None without any. Within a cell they are taken as spread evenly; what the last cell
    counts is told as its lower end.
    """
    wanted = share * sum(counts)
    seen = 0
    for cell, count in enumerate(counts):
        if count and seen + count >= wanted:
            low = upper_ms(cell - 1) if cell else 0.0
            high = low if cell == CELLS - 1 else upper_ms(cell)
            return low + (high - low) * max(0.0, wanted - seen) / count
        seen += count
    return None


def _short(counts: list[int]) -> list[int]:
    while counts and not counts[-1]:
        counts.pop()
    return counts
