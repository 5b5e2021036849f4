"""Latencies of the last seconds, as a histogram with 2 % wide buckets."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import exp, log
from typing import NamedTuple

from ledgerflux.core.histogram import CELLS, cell_of, total_of
from ledgerflux.core.timings import Timings
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S

SHARES = (0.50, 0.95, 0.99, 0.999)
_GROWTH = log(1.02)
_FLOOR_NS = 100 * NANOS_PER_MS / 1.02**581
"""About a microsecond: a bucket ends at 100 ms, by which the objective for latency is judged."""


class Latencies(NamedTuple):
    """Percentiles of the last ten seconds, None without any.

    `histogram` counts all since the start by the cells of `core.histogram`, also None or empty
    while there are none.
    """

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    histogram: Sequence[int] = ()


class LatencyWindow:
    """Percentiles over the newest `slots` spans of time; the caller turns the spans.

    Differences of two machines' clocks may be negative: they count in the lowest bucket,
    and their number is shown. `histogram` and `timings` count everything since the start, but
    for the span not yet turned.
    """

    def __init__(self, slots: int = 10) -> None:
        self._slots: deque[dict[int, int]] = deque([{}], maxlen=slots)
        self.histogram = [0] * CELLS
        self.timings = Timings()
        self.negative_total = 0

    def add(self, latency_ns: int, count: int = 1) -> None:
        """Count one latency, or `count` of the same."""
        if latency_ns < 0:
            self.negative_total += count
        bucket = int(log(max(latency_ns, _FLOOR_NS) / _FLOOR_NS) / _GROWTH)
        newest = self._slots[-1]
        newest[bucket] = newest.get(bucket, 0) + count

    def turn(self) -> None:
        """Begin a new span, forgetting the oldest."""
        for bucket, count in self._slots[-1].items():
            middle_ns = _FLOOR_NS * exp((bucket + 0.5) * _GROWTH)
            self.histogram[cell_of(middle_ns)] += count
            self.timings.add(middle_ns / NANOS_PER_S, count)
        self._slots.append({})

    def percentile_ms(self, share: float) -> float | None:
        """Return the latency in ms below which `share` (0 to 1) lie; None without any."""
        return self.percentiles_ms((share,))[0]

    def percentiles_ms(self, shares: Sequence[float]) -> list[float | None]:
        """Return the latency in ms below which each of `shares`, in rising order, lies."""
        merged: dict[int, int] = {}
        for slot in self._slots:
            for bucket, count in slot.items():
                merged[bucket] = merged.get(bucket, 0) + count
        ordered = sorted(merged)
        total, seen, place = sum(merged.values()), 0, -1
        found: list[float | None] = []
        for share in shares:
            while place < 0 or seen < share * total:
                if place + 1 == len(ordered):
                    return [None] * len(shares)
                place += 1
                seen += merged[ordered[place]]
            top_ns = _FLOOR_NS * exp((ordered[place] + 1) * _GROWTH)
            found.append(round(top_ns / NANOS_PER_MS, 3))
        return found


def slowest(windows: Iterable[LatencyWindow]) -> Latencies:
    """Return each percentile of the window that is the latest in it, and all counts together."""
    told = list(windows)
    rows = [window.percentiles_ms(SHARES) for window in told]
    p50_ms, p95_ms, p99_ms, p999_ms = (
        max((ms for row in rows if (ms := row[place]) is not None), default=None)
        for place in range(len(SHARES))
    )
    histogram = total_of([window.histogram for window in told])
    return Latencies(p50_ms, p95_ms, p99_ms, p999_ms, histogram)
