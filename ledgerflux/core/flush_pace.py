"""How often clients may be written to: as soon as there is something, as long as that is cheap.

A write to a socket costs about the same whether it carries one message or twenty. So the next
flush waits until the last ones have cost no more than a share of the time: a gateway with few
clients adds no latency, one with many writes larger pieces instead of falling behind.
"""

from collections import deque

SHARE = 0.33
"""Of the time, for writing: what cost a millisecond delays the next by two. With a tenth that
was nine, and the gateway took hardly less of a processor."""
DELAY_NS_MAX = 20_000_000
KEPT = 9
"""Flushes whose median counts: one that was interrupted says nothing."""


class FlushPace:
    """Says when the next flush may begin; times are monotonic nanoseconds."""

    def __init__(self, *, share: float = SHARE, delay_ns_max: int = DELAY_NS_MAX) -> None:
        self._share = share
        self._delay_ns_max = delay_ns_max
        self._costs_ns: deque[int] = deque(maxlen=KEPT)
        self._began_ns = 0

    def spent(self, began_ns: int, ended_ns: int) -> None:
        """Note a flush."""
        self._began_ns = began_ns
        self._costs_ns.append(ended_ns - began_ns)

    def delay_ns(self, now_ns: int) -> int:
        """Return how long to wait before the next flush, 0 for not at all."""
        if not self._costs_ns:
            return 0
        median_ns = sorted(self._costs_ns)[len(self._costs_ns) // 2]
        earliest_ns = self._began_ns + int(median_ns / self._share)
        return min(max(0, earliest_ns - now_ns), self._delay_ns_max)
