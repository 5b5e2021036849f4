"""Writes to all clients together, at a pace that leaves time for everything else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.flush_pace import FlushPace
from ledgerflux.ports import Batch, Clock

SLICE = 256
"""Clients written to before others of the loop's tasks have a turn: a few milliseconds."""


class Writable(Protocol):
    """Whoever has something to write."""

    def flush(self) -> int:
        """Write what there is, without waiting; return to how many clients."""
        ...

    def settle(self) -> None:
        """Everybody with something to write has written."""
        ...


Write = Callable[[Batch], bool]
"""Writes a batch to a client; False, and nothing is written, where the socket does not take it."""


class CohortWriter:
    """Writes to each client of a cohort what it was told; who can't take it goes on alone."""

    def __init__(self, cohort: Cohort, writes: Mapping[ClientSession, Write]) -> None:
        self._cohort = cohort
        self._writes = writes

    def flush(self) -> int:
        """Write to all."""
        cohort = self._cohort
        seats = self._seats()
        batch = Batch(cohort.take(), cohort)
        if batch.messages:
            missed = [at for at, write in enumerate(seats) if not write(batch)]
            self._release(missed, batch.messages)
        return len(seats)

    def _seats(self) -> list[Write]:
        """Return how to write to each member, in their order; the same list until others join.

        Looked up anew each time they would cost as much as the rest of this: of every client
        another part of memory.
        """
        cohort = self._cohort
        if cohort.seats is None:
            cohort.seats = [self._writes[session] for session in cohort.members]
        seats: list[Write] = cohort.seats  # type: ignore[assignment]
        return seats

    def _release(self, places: Sequence[int], unsent: Sequence[bytes]) -> None:
        if places:
            members = list(self._cohort.members)
            for session in [members[at] for at in places]:
                self._cohort.release(session, unsent)

    def settle(self) -> None:
        """Nothing is left to do: it is made of those who are settled."""


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
        due, self._waiting = self._waiting, []
        began_ns = self._clock.monotonic_ns()
        flushed = written = 0
        while flushed < len(due) and written < SLICE:
            written += due[flushed].flush()
            flushed += 1
        self._waiting[:0] = due[flushed:]
        for client in due[:flushed]:
            client.settle()
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
