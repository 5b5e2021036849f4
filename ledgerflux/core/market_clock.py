"""The market clock: one for all sockets, standing or running at a speed.

::

    STANDING --everything awaited is there, or the deadline--> RUNNING
    RUNNING  --await, pause, move--> STANDING

While it is paused it stands whatever comes. Offsets are nanoseconds of the market from its
beginning; `now_ns` is a monotonic time.
"""

from ledgerflux.core.market_source import Pair

END_OF_TIME = 2**63 - 1


class MarketClock:
    """Says how far the market may be at a time; `speed` None is as fast as sockets take it."""

    def __init__(self, speed: float | None, *, paused: bool) -> None:
        self.speed = speed
        self.paused = paused
        self.awaited: frozenset[Pair] = frozenset()
        self._offset_ns = 0
        self._since_ns: int | None = None
        self._allowance_ns = 0
        self._deadline_ns: int | None = None

    @property
    def running(self) -> bool:
        """Say whether the market moves."""
        return self._since_ns is not None

    def wait_for(self, pairs: frozenset[Pair], offset_ns: int, allowance_ns: int) -> None:
        """Stand at `offset_ns` until `pairs` are held, `allowance_ns` at most once `arm`ed."""
        self.awaited = pairs
        self._offset_ns = offset_ns
        self._since_ns = None
        self._allowance_ns = allowance_ns
        self._deadline_ns = None

    def arm(self, now_ns: int) -> None:
        """Let the allowance run from now on, if it does not yet."""
        if self._since_ns is None and self._deadline_ns is None:
            self._deadline_ns = now_ns + self._allowance_ns

    def free(self, held: frozenset[Pair], now_ns: int) -> bool:
        """Say whether nobody has to be waited for any more."""
        late = self._deadline_ns is not None and now_ns >= self._deadline_ns
        return late or self.awaited <= held

    def try_run(self, held: frozenset[Pair], now_ns: int) -> bool:
        """Run if nothing holds the clock any more; say whether it began to."""
        if self.running or self.paused or not self.free(held, now_ns):
            return False
        self._since_ns = now_ns
        return True

    def halt(self, due_ns: int | None, now_ns: int) -> None:
        """Stand where the market is, waiting for nobody new; `due_ns` is the next item's offset."""
        if self._since_ns is not None:
            self.wait_for(frozenset(), self.reached_ns(due_ns, now_ns), 0)

    def place(self, offset_ns: int) -> None:
        """Let a clock that stands do so at `offset_ns`; it waits for whom it did."""
        self._offset_ns = offset_ns

    def pace(self, speed: float | None, due_ns: int | None, now_ns: int) -> None:
        """Go on at `speed` from where the market is."""
        if self._since_ns is not None:
            self._offset_ns, self._since_ns = self.reached_ns(due_ns, now_ns), now_ns
        self.speed = speed

    def reached_ns(self, due_ns: int | None, now_ns: int) -> int:
        """Return how far the market is: what is due and was not taken holds it back."""
        offset_ns = self.offset_ns(now_ns)
        return offset_ns if due_ns is None else min(offset_ns, due_ns)

    def offset_ns(self, now_ns: int) -> int:
        """Return the offset up to which items are due."""
        if self._since_ns is None:
            return self._offset_ns
        if self.speed is None:
            return END_OF_TIME
        # One more: what `when_ns` called due at `now_ns` is due, whatever the division lost.
        return self._offset_ns + int((now_ns - self._since_ns) * self.speed) + 1

    def when_ns(self, offset_ns: int | None, now_ns: int) -> int | None:
        """Return when something happens next by itself, given the offset of the next item."""
        if self._since_ns is None:
            return None if self.paused else self._deadline_ns
        if offset_ns is None:
            return None
        if self.speed is None:
            return now_ns
        return self._since_ns + int((offset_ns - self._offset_ns) / self.speed)
