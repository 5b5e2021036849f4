"""The sockets of an exchange and the loop that turns its market."""

import asyncio
from typing import Protocol

from ledgerflux.core.market import Market
from ledgerflux.core.market_socket import SLOW_CONSUMER, Goodbye
from ledgerflux.errors import FeedError
from ledgerflux.ports import ClientConnection, Clock

SOCKETS_MAX = 256
TRY_AGAIN_LATER = 1013
TICK_MIN_NS = 500_000
TICK_MAX_NS = 8_000_000
"""The market is looked at no more often: what is due meanwhile goes out together."""
TICK_OF_ITEM_NS = 2_000
"""So much longer for each item a second: a look costs every socket, and all behind it, a turn."""
PACE_NS = 100_000_000
"""Over how long items a second are counted."""
SHORT_S = 0.005
"""For so short a time the market sleeps whatever happens."""


class Counters(Protocol):
    """What is written down with every batch, so that a killed process loses nothing."""

    position: int

    def count_sent(self, frames: int) -> None:
        """Count frames that were handed to a socket."""
        ...


class _Desk:
    """What the tasks of one socket tell each other."""

    def __init__(self) -> None:
        self.work = asyncio.Event()
        self.room = asyncio.Event()
        self.evicted = asyncio.Event()
        self.sent = 0


class Pace:
    """Items a second of late, and what they mean for how often to look."""

    def __init__(self) -> None:
        self.per_s = 0.0
        self._turn_ns = 0

    def turn(self, items: int, now_ns: int) -> int:
        """Note a turn at `now_ns` that brought `items`; return when the next may be."""
        passed_ns = max(1, now_ns - self._turn_ns)
        self._turn_ns = now_ns
        share = min(1.0, passed_ns / PACE_NS)
        self.per_s += (items * 1e9 / passed_ns - self.per_s) * share
        tick_ns = int(self.per_s) * TICK_OF_ITEM_NS
        return now_ns + min(max(tick_ns, TICK_MIN_NS), TICK_MAX_NS)


class ExchangeSockets:
    """Carries frames between `market` and its sockets, and turns the market's clock."""

    def __init__(self, market: Market, clock: Clock, counters: Counters) -> None:
        self._market = market
        self._clock = clock
        self._counters = counters
        self._desks: dict[int, _Desk] = {}
        self._changed = asyncio.Event()
        self._pace = Pace()
        self._turning = False

    @property
    def sent_open(self) -> int:
        """Return how many frames were sent on the sockets that are open now."""
        return sum(desk.sent for desk in self._desks.values())

    def wake(self) -> None:
        """Let the market be looked at now: something happened that it does not know of."""
        self._changed.set()

    def release(self) -> None:
        """Hear again whoever was not heard while the market moved."""
        for desk in self._desks.values():
            desk.room.set()
        self.wake()

    async def accept(self, connection: ClientConnection) -> None:
        """Serve one socket until it ends; past `SOCKETS_MAX` it is closed at once (1013)."""
        if len(self._desks) >= SOCKETS_MAX:
            await connection.close(TRY_AGAIN_LATER, "too many connections")
            return
        market = self._market
        number = market.connect()
        desk = self._desks[number] = _Desk()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._hear(number, desk, connection)),
                    group.create_task(self._send(number, desk, connection)),
                    group.create_task(desk.evicted.wait()),
                ]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        except* FeedError:
            pass  # the client is gone: nothing is left to be said
        finally:
            del self._desks[number]
            market.disconnect(number, self._clock.monotonic_ns())
            self._changed.set()
        if desk.evicted.is_set():
            await connection.close(*SLOW_CONSUMER)

    async def drive(self, *, to_the_end: bool) -> None:
        """Turn the market; return when it has ended, if `to_the_end`, else never."""
        market, desks = self._market, self._desks
        self._turning = True
        try:
            while not (to_the_end and market.state == "ended"):
                self._changed.clear()
                now_ns = self._clock.monotonic_ns()
                position = market.position
                for number in market.advance(now_ns):
                    desks[number].work.set()
                next_ns = self._pace.turn(market.position - position, now_ns)
                self._settle()
                await self._rest(market.when_ns(now_ns), now_ns, next_ns)
        finally:
            self._turning = False

    def evict_slow(self) -> None:
        """Close the sockets that are too far behind."""
        for number in self._market.slow(self._clock.monotonic_ns()):
            self._desks[number].evicted.set()

    def _settle(self) -> None:
        """Write down what need not be sent again.

        What waits for sockets while everything ends is not sent, so it does not count.
        """
        if self._turning:
            self._counters.position = self._market.settled

    async def _rest(self, when_ns: int | None, now_ns: int, next_ns: int) -> None:
        """Return when the market has work again, or soon after something changed.

        Where more was due at `now_ns` it has work at once, else at `next_ns` or later.
        """
        if when_ns is None:
            await self._changed.wait()
            return
        due_ns = when_ns if when_ns <= now_ns else max(when_ns, next_ns)
        wait_s = (due_ns - self._clock.monotonic_ns()) / 1e9
        if wait_s <= 0:
            await asyncio.sleep(0)
        elif wait_s < SHORT_S:
            await self._clock.sleep(wait_s)
        else:
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                pass  # the next item is due

    async def _hear(self, number: int, desk: _Desk, connection: ClientConnection) -> None:
        market = self._market
        while True:
            text = await connection.receive()
            # Who does not read its books may not ask for more of them.
            while market.full(number):
                desk.room.clear()
                await desk.room.wait()
            market.receive(number, text, self._clock.monotonic_ns())
            desk.work.set()
            self._changed.set()

    async def _send(self, number: int, desk: _Desk, connection: ClientConnection) -> None:
        market, counters = self._market, self._counters
        while True:
            was_blocked = market.blocked
            batch = market.take(number)
            desk.room.set()
            self._settle()
            if (was_blocked and not market.blocked) or market.state == "ended":
                self._changed.set()
            if not batch:
                desk.work.clear()
                await desk.work.wait()
                continue
            frames = [message for message in batch if isinstance(message, bytes)]
            if frames:
                counters.count_sent(len(frames))
                desk.sent += len(frames)
                await connection.send_all(frames)
            if isinstance(batch[-1], Goodbye):
                await connection.close(*batch[-1])
                return
