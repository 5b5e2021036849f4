"""Requests to a venue, one after the other, no faster than its limits allow."""

import asyncio

from ledgerflux.ports import Clock


class Pacer:
    """Hands out turns to all sockets of a process, `per_s` a second."""

    def __init__(self, clock: Clock, per_s: float) -> None:
        self._clock = clock
        self._gap_ns = int(1e9 / per_s)
        self._next_ns = 0
        self._lock = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the next request may go out; waiters get their turns in order."""
        async with self._lock:
            wait_ns = self._next_ns - self._clock.monotonic_ns()
            if wait_ns > 0:
                await self._clock.sleep(wait_ns / 1e9)
            self._next_ns = self._clock.monotonic_ns() + self._gap_ns
