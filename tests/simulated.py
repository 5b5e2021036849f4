"""Simulated time and a simulated venue: minutes of trouble in a second of work."""

import asyncio
import heapq
import json

from roles_support import _frame, _level, _snapshot

from ledgerflux.errors import FeedError

SECOND = 1_000_000_000
FRAME_EVERY_S = 0.5
TURNS = 12
"""Turns of the loop between two moments: what follows from a moment happens in it."""


class SimulatedClock:
    """Time that stands while anybody works, and then steps to whoever wakes first."""

    def __init__(self):
        self._now_ns = 1_700_000_000 * SECOND
        self._start_ns = self._now_ns
        self._sleepers = []
        self._numbers = 0

    def now_ns(self):
        return self._now_ns

    monotonic_ns = now_ns

    @property
    def elapsed_s(self):
        return (self._now_ns - self._start_ns) / SECOND

    async def sleep(self, seconds):
        self._numbers += 1
        me = (self._now_ns + int(seconds * SECOND), self._numbers)
        heapq.heappush(self._sleepers, me)
        try:
            while True:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                if self._sleepers[0] == me:
                    self._now_ns = max(self._now_ns, me[0])
                    return
        finally:
            self._sleepers.remove(me)
            heapq.heapify(self._sleepers)


class SimulatedVenue:
    """A feed whose sockets bring a snapshot and then an update twice a second, until they fail.

    `hole_every_s`: a number is left out so often; `lives_s`: every socket is closed after so
    long; `unknown_deletes`: every update takes levels away that nobody has.
    """

    def __init__(self, clock, *, hole_every_s=None, lives_s=None, unknown_deletes=False):
        self.clock = clock
        self.hole_every_s = hole_every_s
        self.lives_s = lives_s
        self.unknown_deletes = unknown_deletes
        self.connects_s = []
        self.requests = []  # (seconds, connection, type)

    async def connect(self, url):
        self.connects_s.append(self.clock.elapsed_s)
        return SimulatedSocket(self, len(self.connects_s))

    def most_in(self, seconds, times):
        """Return how many of `times` lie in the fullest window of so many seconds."""
        return max((sum(t <= at < t + seconds for at in times) for t in times), default=0)


class SimulatedSocket:
    def __init__(self, venue, number):
        self.venue, self.number = venue, number
        self.opened_s = self.hole_s = venue.clock.elapsed_s
        self.sequence = 0
        self.waiting = []
        self.closed = False

    async def send(self, frame):
        request = json.loads(frame)
        clock, requests = self.venue.clock, self.venue.requests
        requests.append((clock.elapsed_s, self.number, request["type"]))
        if request["type"] == "subscribe" and request["channel"] == "level2":
            self.waiting += [_snapshot(product) for product in request["product_ids"]]

    async def receive(self):
        venue, now_s = self.venue, self.venue.clock.elapsed_s
        if not self.waiting:
            await venue.clock.sleep(FRAME_EVERY_S)
            now_s = venue.clock.elapsed_s
        if self.closed:
            raise FeedError("we closed", code="feed_lost")
        if venue.lives_s is not None and now_s - self.opened_s >= venue.lives_s:
            raise FeedError("closed with 1012")
        if venue.hole_every_s is not None and now_s - self.hole_s >= venue.hole_every_s:
            self.hole_s = now_s
            self.sequence += 1
        make = self.waiting.pop(0) if self.waiting else self.update
        self.sequence += 1
        return [make(self.sequence - 1)]

    def update(self, sequence):
        levels = [_level("bid", "90.5", str(sequence + 1))]
        if self.venue.unknown_deletes:
            levels = [_level("bid", f"7.{sequence}", "0"), _level("offer", f"900.{sequence}", "0")]
        event = {"type": "update", "product_id": "BTC-USD", "updates": levels}
        return _frame("l2_data", sequence, [event])

    async def close(self):
        self.closed = True
