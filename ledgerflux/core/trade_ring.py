"""The newest events of one product's trades, by seq: what a client may ask for again.

Every seq from `oldest_seq` to `newest_seq` is here, a trade or a gap of the venue.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from ledgerflux.core.snapshot import START, Position

EVENTS_MAX = 4096
BYTES_MAX = 1024 * 1024
LIMIT_MAX = 1000
"""Events of one answer."""


class Kept(NamedTuple):
    """One event as JSON: a trade, or a gap in them."""

    gap: bool
    body: bytes


class Wanted(NamedTuple):
    """What a client asks for; None: whatever there is. `limit` events at most."""

    from_seq: int | None = None
    to_seq: int | None = None
    limit: int = LIMIT_MAX
    epoch: str | None = None


class Found(NamedTuple):
    """Events from `from_seq` on, without a hole; none where `from_seq` is still to come."""

    from_seq: int
    events: list[Kept]

    @property
    def to_seq(self) -> int:
        """Return the seq of the last event; the one before `from_seq` where there is none."""
        return self.from_seq + len(self.events) - 1


class Gone(NamedTuple):
    """What is asked for is not here any more, or was never of this epoch."""

    why: str


class TradeRing:
    """Bounded by events and bytes: the oldest go."""

    __slots__ = ("_bytes_max", "_events", "_events_max", "epoch", "oldest_seq", "size_bytes")

    def __init__(self, events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.epoch = ""
        self.oldest_seq = 1
        self.size_bytes = 0
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._events: deque[Kept] = deque()

    @property
    def newest_seq(self) -> int:
        """Return the seq of the newest event, here or not."""
        return self.oldest_seq + len(self._events) - 1

    def begin(self, position: Position = START) -> None:
        """Go on after `position`: what is here stays only where it ends there."""
        if position == (self.epoch, self.newest_seq):
            return
        self._events.clear()
        self.size_bytes = 0
        self.epoch, self.oldest_seq = position.epoch, position.seq + 1

    def add(self, position: Position, bodies: Sequence[bytes], *, gap: bool) -> None:
        """Keep events that end at `position`; what does not continue them is forgotten."""
        self.begin(Position(position.epoch, position.seq - len(bodies)))
        for body in bodies:
            self._events.append(Kept(gap, body))
            self.size_bytes += len(body)
        while len(self._events) > self._events_max or self.size_bytes > self._bytes_max:
            self.size_bytes -= len(self._events.popleft().body)
            self.oldest_seq += 1

    def holds(self, epoch: str, from_seq: int) -> bool:
        """Say whether everything from `from_seq` on is here."""
        return epoch == self.epoch and from_seq >= self.oldest_seq

    def find(self, wanted: Wanted) -> Found | Gone:
        """Return the events wanted; without `from_seq` the newest of them."""
        if wanted.epoch not in (None, self.epoch):
            return Gone(f"the epoch is {self.epoch}")
        oldest, last = self.oldest_seq, self.newest_seq
        if wanted.to_seq is not None:
            last = min(last, wanted.to_seq)
        first = wanted.from_seq
        if first is None:
            first = max(oldest, last - wanted.limit + 1)
        if first < oldest or (wanted.to_seq or oldest) < oldest:
            return Gone(f"the oldest seq here is {oldest}")
        start, count = first - oldest, min(wanted.limit, max(0, last - first + 1))
        return Found(first, list(islice(self._events, start, start + count)))
