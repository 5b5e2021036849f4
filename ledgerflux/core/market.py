"""An exchange's market served to sockets: what goes to whom, under which number, and when.

The caller owns sockets, source and time: it reports what sockets say, asks what is due,
and sends what waits for each. A subscriber gets its acknowledgement, the exchange's own
book where there is one, then everything after that position.

A market with an end can be moved: `leave`, let the source travel, `arrive`. Whoever was there
hears nothing more and is closed; who comes back gets the book at the new place.
"""

from typing import Literal, NamedTuple

from ledgerflux.core.dialect import Hearing, Request
from ledgerflux.core.market_books import Books
from ledgerflux.core.market_clock import MarketClock
from ledgerflux.core.market_socket import MOVED, RECORDED_CLOSE, Goodbye, Socket
from ledgerflux.core.market_sockets import Sockets
from ledgerflux.core.market_source import Closing, Pair, Place, Source
from ledgerflux.model.units import NANOS_PER_S

START_ALLOWANCE_NS = 5 * NANOS_PER_S
RETURN_ALLOWANCE_NS = 10 * NANOS_PER_S
STEPS_MAX = 100_000
FAREWELL_NS = 3 * NANOS_PER_S
"""Who was there before a move and is told of it elsewhere has so long to leave unasked."""
ITEMS_PER_CALL_MAX = 512

State = Literal["paused", "waiting", "running", "seeking", "ended"]


class MarketStatistics(NamedTuple):
    """Where the market is: sockets, frames that wait, and how late the next item is."""

    state: State
    sockets: int
    frames_waiting: int
    late_ns: int


class Market:
    """One market for all sockets; positions count the items of the source.

    The clock waits where the source stands for everything in `source.pairs` to be subscribed,
    5 s after the first subscription at most. `wall_offset_ns`
    is the wall clock minus the monotonic `now_ns` of all calls.
    """

    def __init__(
        self,
        hearing: Hearing,
        source: Source,
        *,
        speed: float | None,
        paused: bool = False,
        wall_offset_ns: int = 0,
    ) -> None:
        self._hearing = hearing
        self._source = source
        self._wall_offset_ns = wall_offset_ns
        self._sockets = Sockets(hearing)
        self._books = Books(hearing, source)
        self._returning = False
        self._ended = False
        self._steps = 0
        self._left_at: int | None = None
        """The position that was left, while the source travels."""
        self._expected: frozenset[Pair] = frozenset()
        self._farewell_ns: int | None = None
        self._clock = MarketClock(speed, paused=paused)
        self._clock.wait_for(source.pairs, source.due_ns() or 0, START_ALLOWANCE_NS)
        self._check_end()

    @property
    def state(self) -> State:
        """Return what the market is doing; `ended`: everything was taken and sent."""
        if self._left_at is not None:
            return "seeking"
        if self._ended:
            return "ended"
        if self._clock.running:
            return "running"
        return "paused" if self._clock.paused else "waiting"

    @property
    def paused(self) -> bool:
        """Say whether it stands until it is told to go on."""
        return self._clock.paused

    @property
    def speed(self) -> float | None:
        """Return market seconds a second, None as fast as sockets take it."""
        return self._clock.speed

    @property
    def blocked(self) -> bool:
        """Say whether the market waits for a socket to take what it was sent."""
        return self._sockets.full

    @property
    def position(self) -> int:
        """Return how many items of the source were taken."""
        return self._source.position

    @property
    def settled(self) -> int:
        """Return the position from which a restart repeats everything not sent yet."""
        if self._left_at is not None:
            return self._left_at
        return self._sockets.settled(self.position)

    def connect(self) -> int:
        """Take a new socket in and return its number."""
        return self._sockets.add()

    def disconnect(self, number: int, now_ns: int) -> None:
        """Forget a socket and what waits for it.

        At speed max nothing is in time for anybody, so the clock waits for what nobody holds
        any more as it does at a recorded close.
        """
        socket = self._sockets.remove(number)
        lost = socket.pairs - self._sockets.held
        at_pace = self._clock.speed is not None
        if self._clock.running and lost and not socket.leaving and not at_pace:
            self._stand(lost, 0)
        if self._returning and not self._sockets.leaving:
            self._farewell_ns = None
            self._clock.arm(now_ns)
        self._check_end()

    def receive(self, number: int, text: str | bytes, now_ns: int) -> None:
        """Hear a request: queue its answer, and a fresh book for each product asked for."""
        socket = self._sockets[number]
        if socket.leaving:
            return
        request = self._hearing.read(text, self._source.products)
        if not isinstance(request, Request):
            self._say(socket, request, now_ns)
            return
        socket.apply(request)
        self._sockets.subscribed()
        self._say(socket, self._hearing.acknowledge(socket.held, self._source.time_ns()), now_ns)
        if request.verb == "subscribe":
            for book in self._books.of(request):
                self._say(socket, book, now_ns)
            self._clock.arm(now_ns)

    def full(self, number: int) -> bool:
        """Say whether a socket should not be heard now: too much waits, or the market moves."""
        return self._sockets[number].full or self._left_at is not None

    # -- control -----------------------------------------------------------------------

    def pause(self, now_ns: int) -> None:
        """Stand here until `resume`."""
        self._clock.halt(self._source.due_ns(), now_ns)
        self._clock.paused = True

    def resume(self) -> None:
        """End the pause; what else the clock waits for still holds it."""
        self._clock.paused = False
        self._steps = 0

    def pace(self, speed: float | None, now_ns: int) -> None:
        """Go on at `speed` market seconds a second, None as fast as sockets take it."""
        self._clock.pace(speed, self._source.due_ns(), now_ns)

    def step(self, items: int) -> None:
        """Let so many more items go out while the market is paused."""
        self._steps = min(self._steps + items, STEPS_MAX)

    def leave(self, now_ns: int) -> None:
        """Stand, and let go of everybody: the source is about to travel."""
        if self._left_at is not None:
            return
        self._left_at = self.settled
        self._clock.halt(self._source.due_ns(), now_ns)
        self._expected = self._clock.awaited | self._sockets.abandon()

    def arrive(self, now_ns: int) -> None:
        """Go on where the source is now, once those who were here have come back."""
        self._left_at = None
        self._ended = False
        self._books.forget()
        due_ns = self._source.due_ns()
        self._stand(self._expected, 0 if due_ns is None else due_ns)
        self._farewell_ns = now_ns + FAREWELL_NS
        if self._sockets.made_total and not self._sockets.leaving:
            self._farewell_ns = None
            self._clock.arm(now_ns)

    def place(self, now_ns: int) -> Place:
        """Return where the market is."""
        return self._source.place(self.offset_ns(now_ns))

    def offset_ns(self, now_ns: int) -> int:
        """Return how far the market clock is, in nanoseconds of the market."""
        return self._clock.reached_ns(self._source.due_ns(), now_ns)

    # -- time --------------------------------------------------------------------------

    def advance(self, now_ns: int) -> set[int]:
        """Queue what is due, a bounded number of items; return the sockets that got something.

        Stops where a queue is full: the market never runs away from its slowest socket.
        """
        if self._left_at is not None:
            return set()
        touched = self._say_farewell(now_ns)
        if self._clock.try_run(self._sockets.held, now_ns):
            self._returning = False
            self._source.begin(now_ns + self._wall_offset_ns)
        if self._clock.running:
            until_ns = self._clock.offset_ns(now_ns)
            for _ in range(ITEMS_PER_CALL_MAX):
                if not self._take(until_ns, touched, now_ns):
                    break
        elif self._stepping(now_ns):
            self._take_step(touched, now_ns)
        self._check_end()
        return touched

    def when_ns(self, now_ns: int) -> int | None:
        """Return when `advance` has work next; None until something else happens."""
        if self._left_at is not None:
            return None
        if self._stepping(now_ns):
            return now_ns
        farewell_ns = self._farewell_ns
        next_ns = None if self.blocked else self._clock.when_ns(self._source.due_ns(), now_ns)
        return farewell_ns if next_ns is None else min(next_ns, farewell_ns or next_ns)

    def take(self, number: int) -> list[bytes | Goodbye]:
        """Return the next frames to send to a socket; those of the last call are sent."""
        batch = self._sockets.take(number)
        self._check_end()
        return batch

    def slow(self, now_ns: int) -> list[int]:
        """Return the sockets to be closed: at a pace, nobody may be 10 s behind."""
        return [] if self._clock.speed is None else self._sockets.behind(now_ns)

    def statistics(self, now_ns: int) -> MarketStatistics:
        """Return counts."""
        due_ns = self._clock.when_ns(self._source.due_ns(), now_ns)
        late_ns = now_ns - due_ns if due_ns is not None and self._clock.running else 0
        sockets = self._sockets
        return MarketStatistics(self.state, len(sockets), sockets.frames_waiting, max(late_ns, 0))

    def _take(self, until_ns: int, touched: set[int], now_ns: int) -> bool:
        """Queue one item that is due; False where there is none, or the next has to wait."""
        position = self._source.position
        item = None if self._sockets.full else self._source.take(until_ns)
        if item is None:
            return False
        self._books.forget()
        if isinstance(item, Closing):
            self._close(item, touched, now_ns)
            return False
        self._sockets.deliver(item, position, touched, now_ns)
        return True

    def _stepping(self, now_ns: int) -> bool:
        if not self._steps or not self._clock.paused or self.blocked:
            return False
        return self._clock.free(self._sockets.held, now_ns)

    def _take_step(self, touched: set[int], now_ns: int) -> None:
        due_ns = self._source.due_ns()
        if due_ns is None:
            self._steps = 0
            return
        self._steps -= 1
        self._returning = False
        self._clock.wait_for(frozenset(), due_ns, 0)
        self._take(due_ns, touched, now_ns)

    def _say_farewell(self, now_ns: int) -> set[int]:
        """Close those who were here before a move and did not leave by themselves."""
        if self._farewell_ns is None or now_ns < self._farewell_ns:
            return set()
        self._farewell_ns = None
        return self._sockets.dismiss(self._sockets.leaving, MOVED, self.position, now_ns)

    def _close(self, closing: Closing, touched: set[int], now_ns: int) -> None:
        leaving = self._sockets.holders(closing.products)
        awaited = frozenset(pair for socket in leaving for pair in socket.pairs)
        touched |= self._sockets.dismiss(leaving, RECORDED_CLOSE, self.position, now_ns)
        if awaited:
            self._stand(awaited, closing.offset_ns)

    def _stand(self, awaited: frozenset[Pair], offset_ns: int) -> None:
        self._returning = True
        self._clock.wait_for(awaited, offset_ns, RETURN_ALLOWANCE_NS)

    def _say(self, socket: Socket, frame: bytes, now_ns: int) -> None:
        self._sockets.say(socket, frame, self.position, now_ns)

    def _check_end(self) -> None:
        if not self._ended and not self._sockets.waiting:
            self._ended = self._source.due_ns() is None
