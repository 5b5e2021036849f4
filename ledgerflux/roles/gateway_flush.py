"""Writes to all clients together, at a pace that leaves time for everything else."""

import asyncio
from typing import Protocol

from ledgerflux.core.flush_pace import FlushPace
from ledgerflux.ports import Clock

SLICE = 256
"""Clients written to before others of the loop's tasks have a turn: a few milliseconds."""


class Writable(Protocol):
    """Whoever has something to write."""

    def flush(self) -> None:
        """Write what there is, without waiting."""
        ...


class Flusher:
    """Collects clients with something to write and flushes them; bounded by the clients."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pace = FlushPace()
        self._waiting: list[Writable] = []
        self._scheduled = False
        self._spent_ns = 0

    def add(self, client: Writable) -> None:
        """Flush `client` with the next flush; once until then."""
        self._waiting.append(client)
        if not self._scheduled:
            self._schedule()

    def flush(self) -> None:
        """Flush now: so much has come that waiting would only make it more."""
        self._scheduled = False
        clients, self._waiting = self._waiting[:SLICE], self._waiting[SLICE:]
        began_ns = self._clock.monotonic_ns()
        for client in clients:
            client.flush()
        self._spent_ns += self._clock.monotonic_ns() - began_ns
        if not self._waiting:
            self._pace.spent(began_ns, began_ns + self._spent_ns)
            self._spent_ns = 0
        elif not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._due)

    def _schedule(self) -> None:
        self._scheduled = True
        loop = asyncio.get_running_loop()
        delay_ns = self._pace.delay_ns(self._clock.monotonic_ns())
        if delay_ns:
            loop.call_later(delay_ns / 1e9, self._due)
        else:
            loop.call_soon(self._due)

    def _due(self) -> None:
        if self._scheduled:
            self.flush()
