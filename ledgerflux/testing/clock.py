"""A clock that tests turn by hand."""

import asyncio


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
        """Let others run, and move time forward by `seconds`."""
        self.advance(seconds)
        await asyncio.sleep(0)
