"""The clock of the machine."""

import asyncio
import time


class SystemClock:
    """`ports.Clock` on the machine's clocks."""

    def now_ns(self) -> int:
        """Return wall time, nanoseconds UTC."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return the monotonic time in nanoseconds."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)
