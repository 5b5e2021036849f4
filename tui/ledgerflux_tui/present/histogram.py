"""A histogram of latencies as upright bars over a scale of milliseconds: pure."""

from collections.abc import Sequence

from ledgerflux.core.histogram import CELLS, CELLS_PER_OCTAVE, upper_ms
from ledgerflux_tui.lines import Line
from ledgerflux_tui.present.chart import upright

CELLS_MIN = 16
"""So many cells are shown at least, so that one peak does not fill the panel."""
NOTHING = "nothing came in this time"


def histogram_lines(
    counts: Sequence[int], width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """Return exactly `height` lines no wider than `width`: bars, and below them the scale.

    What is more than nothing always shows.
    """
    if height < 2 or width < CELLS_MIN:
        return [[] for _ in range(max(0, height))]
    if not any(counts):
        return [[(NOTHING[:width], "dim")], *([] for _ in range(height - 1))]
    first, last = _range(counts, width)
    shown = [counts[cell] if cell < len(counts) else 0 for cell in range(first, last)]
    shown[-1] += sum(counts[last:])
    shown[0] += sum(counts[:first])
    broad = max(1, min(4, width // len(shown)))
    bars = upright(shown, height - 1, ascii_only=ascii_only)
    lines: list[Line] = [
        [("".join(mark * broad for mark in text).rstrip(), "bar_bid")] for text in bars
    ]
    lines.append([(_scale(first, last, broad), "dim")])
    return lines


def _range(counts: Sequence[int], width: int) -> tuple[int, int]:
    """Return the cells to show: all with counts, as far as they fit, and some more if few."""
    hit = [cell for cell, count in enumerate(counts) if count]
    first = hit[0] // CELLS_PER_OCTAVE * CELLS_PER_OCTAVE
    octave = (hit[-1] // CELLS_PER_OCTAVE + 1) * CELLS_PER_OCTAVE
    last = min(CELLS, max(octave + 2, first + CELLS_MIN))
    first = max(0, min(first, last - CELLS_MIN))
    return (first, last) if last - first <= width else (last - width, last)


def _scale(first: int, last: int, broad: int) -> str:
    """Return the milliseconds at the end of every octave that has room for them."""
    text = ""
    for cell in range(first, last):
        at = (cell - first) * broad
        if cell % CELLS_PER_OCTAVE or at < len(text):
            continue
        label = f"{upper_ms(cell):.3g} "
        if at + len(label) <= (last - first) * broad:
            text = text.ljust(at) + label
    return text.rstrip()
