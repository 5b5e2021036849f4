"""Latencies of the last seconds, as a histogram with 2 % wide buckets."""

from collections import deque
from math import exp, log

NANOS_PER_MS = 1_000_000
_GROWTH = log(1.02)
_FLOOR_NS = 1_000


class LatencyWindow:
    """Percentiles over the newest `slots` spans of time; the caller turns the spans.

    Differences of two machines' clocks may be negative: they count in the lowest bucket,
    and their number is shown.
    """

    def __init__(self, slots: int = 10) -> None:
        self._slots: deque[dict[int, int]] = deque([{}], maxlen=slots)
        self.negative_total = 0

    def add(self, latency_ns: int) -> None:
        """Count one latency."""
        if latency_ns < 0:
            self.negative_total += 1
        bucket = int(log(max(latency_ns, _FLOOR_NS) / _FLOOR_NS) / _GROWTH)
        newest = self._slots[-1]
        newest[bucket] = newest.get(bucket, 0) + 1

    def turn(self) -> None:
        """Begin a new span, forgetting the oldest."""
        self._slots.append({})

    def percentile_ms(self, share: float) -> float | None:
        """Return the latency in ms below which `share` (0 to 1) lie; None without any."""
        merged: dict[int, int] = {}
        for slot in self._slots:
            for bucket, count in slot.items():
                merged[bucket] = merged.get(bucket, 0) + count
        wanted = share * sum(merged.values())
        seen = 0
        for bucket in sorted(merged):
            seen += merged[bucket]
            if seen >= wanted:
                return round(_FLOOR_NS * exp((bucket + 1) * _GROWTH) / NANOS_PER_MS, 3)
        return None
