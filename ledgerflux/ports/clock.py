"""Time, and what the process uses."""

from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Time for stamps and timers. Behaviour gets it as a number, never as this object."""

    def now_ns(self) -> int:
        """Return wall time, nanoseconds UTC: for stamps only."""
        ...

    def monotonic_ns(self) -> int:
        """Return a time that never steps back: for timers."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class Usage(NamedTuple):
    """What the process uses: share of one core since the last look, resident bytes."""

    cpu: float
    rss_bytes: int
