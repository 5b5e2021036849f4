"""One value for each of the last seconds: what a sparkline is made of."""

from collections import deque
from typing import Generic, TypeVar

from ledgerflux.model.units import NANOS_PER_S

T = TypeVar("T")


class Seconds(Generic[T]):
    """The newest value of each of the last `count` seconds, the newest last.

    A second in which nothing was told has None. Bounded by `count`.
    """

    __slots__ = ("_newest_s", "values")

    def __init__(self, count: int) -> None:
        self.values: deque[T | None] = deque(maxlen=count)
        self._newest_s: int | None = None

    def put(self, value: T | None, now_ns: int) -> None:
        """Note what is so now; of several in one second the last counts."""
        second = now_ns // NANOS_PER_S
        before = self._newest_s
        if before is not None and second <= before and self.values:
            self.values[-1] = value
            return
        if before is not None:
            silent = min(second - before - 1, self.values.maxlen or 0)
            self.values.extend([None] * silent)
        self.values.append(value)
        self._newest_s = second
