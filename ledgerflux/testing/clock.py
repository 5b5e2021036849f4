"""A clock that tests turn by hand."""

import asyncio

TURNS = 20
"""Turns of the loop that a sleep leaves to others: a loop that polls must not be all that runs."""


class ManualClock:
    """`ports.Clock` whose time moves only by `advance` and by sleeping."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """Return the time set."""
        return self._now_ns

    def monotonic_ns(self) -> int:
        """Return the time set."""
        return self._now_ns

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._now_ns += int(seconds * 1_000_000_000)

    async def sleep(self, seconds: float) -> None:
        """Let others run for a while, and move time forward by `seconds`."""
        self.advance(seconds)
        for _ in range(TURNS):
            await asyncio.sleep(0)
