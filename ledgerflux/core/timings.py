"""Counts of durations in the cells that alerts and panels ask for.

Cells are few and fixed: a reader adds those of many processes and many moments. 0.1 s is a
boundary, because the objective for latency is told by it.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Self

BOUNDS_S = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""The longest duration of each cell but the last, which has no end."""


class Timings:
    """How many durations lie in each cell, and their sum; both only grow."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count a duration, or `count` of the same; one below zero counts as none at all."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += count
        self.sum_s += max(0.0, seconds) * count

    def take(self, other: Self) -> None:
        """Count all that `other` has counted."""
        for cell, count in enumerate(other.counts):
            self.counts[cell] += count
        self.sum_s += other.sum_s

    @classmethod
    def total(cls, many: Iterable[Self]) -> Self:
        """Return all of `many` together."""
        summed = cls()
        for one in many:
            summed.take(one)
        return summed
