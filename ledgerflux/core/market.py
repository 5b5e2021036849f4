"""An exchange's market served to sockets: what goes to whom, under which number, and when.

The caller owns sockets, source and time: it reports what sockets say, asks what is due,
and sends what waits for each. A subscriber gets its acknowledgement, the exchange's own
book where there is one, then everything after that position.

A market with an end can be moved: `leave`, let the source travel, `arrive`. Whoever was there
hears nothing more and is closed; who comes back gets the book at the new place.
"""

from typing import Literal, NamedTuple

from ledgerflux.core.dialect import Hearing, Request
from ledgerflux.core.market_aim import Aim
from ledgerflux.core.market_clock import MarketClock
from ledgerflux.core.market_socket import Goodbye, Socket
from ledgerflux.core.market_source import Closing, Item, Pair, Place, Source
from ledgerflux.model.units import NANOS_PER_S

START_ALLOWANCE_NS = 5 * NANOS_PER_S
RETURN_ALLOWANCE_NS = 10 * NANOS_PER_S
STEPS_MAX = 100_000
SLOW_AFTER_NS = 10 * NANOS_PER_S
FAREWELL_NS = 3 * NANOS_PER_S
"""Who was there before a move and is told of it elsewhere has so long to leave unasked."""
ITEMS_PER_CALL_MAX = 512

RECORDED_CLOSE = Goodbye(1001, "the recorded session ended here")
MOVED = Goodbye(1001, "the market went on elsewhere")
SLOW_CONSUMER = Goodbye(1008, "ErrSlowConsume")

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
        self._sockets: dict[int, Socket] = {}
        self._full: set[Socket] = set()
        self._unsent: set[Socket] = set()
        self._held: frozenset[Pair] = frozenset()
        self._aim = Aim(self._sockets)
        self._snapshots: dict[str, bytes] = {}
        self._returning = False
        self._ended = False
        self._steps = 0
        self._left_at: int | None = None
        """The position that was left, while the source travels."""
        self._expected: frozenset[Pair] = frozenset()
        self._farewell_ns: int | None = None
        self._clock = MarketClock(speed, paused=paused)
        self._clock.wait_for(source.pairs, source.due_ns() or 0, START_ALLOWANCE_NS)
        self._sockets_total = 0
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
        return bool(self._full)

    @property
    def position(self) -> int:
        """Return how many items of the source were taken."""
        return self._source.position

    @property
    def settled(self) -> int:
        """Return the position from which a restart repeats everything not sent yet."""
        if self._left_at is not None:
            return self._left_at
        waiting = [socket.oldest for socket in self._unsent]
        positions = [frame.position for frame in waiting if frame is not None]
        return min(positions, default=self.position)

    def connect(self) -> int:
        """Take a new socket in and return its number."""
        self._sockets_total += 1
        number = self._sockets_total
        self._sockets[number] = Socket(number, self._hearing.channel, self._unsent)
        return number

    def disconnect(self, number: int, now_ns: int) -> None:
        """Forget a socket and what waits for it.

        At speed max nothing is in time for anybody, so the clock waits for what nobody holds
        any more as it does at a recorded close.
        """
        socket = self._sockets.pop(number)
        self._full.discard(socket)
        self._unsent.discard(socket)
        self._subscribed()
        lost = socket.pairs - self._held
        at_pace = self._clock.speed is not None
        if self._clock.running and lost and not socket.leaving and not at_pace:
            self._stand(lost, 0)
        if self._returning and not any(other.leaving for other in self._sockets.values()):
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
        self._subscribed()
        self._say(socket, self._hearing.acknowledge(socket.held, self._source.time_ns()), now_ns)
        if request.verb == "subscribe":
            self._say_books(socket, request, now_ns)
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
        self._expected = self._clock.awaited.union(*(s.pairs for s in self._sockets.values()))
        for socket in self._sockets.values():
            socket.abandon()
        self._full.clear()
        self._subscribed()

    def arrive(self, now_ns: int) -> None:
        """Go on where the source is now, once those who were here have come back."""
        self._left_at = None
        self._ended = False
        self._snapshots.clear()
        due_ns = self._source.due_ns()
        self._stand(self._expected, 0 if due_ns is None else due_ns)
        self._farewell_ns = now_ns + FAREWELL_NS
        if self._sockets_total and not any(s.leaving for s in self._sockets.values()):
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
        if self._clock.try_run(self._held, now_ns):
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
        next_ns = None if self._full else self._clock.when_ns(self._source.due_ns(), now_ns)
        return farewell_ns if next_ns is None else min(next_ns, farewell_ns or next_ns)

    def take(self, number: int) -> list[bytes | Goodbye]:
        """Return the next frames to send to a socket; those of the last call are sent."""
        socket = self._sockets[number]
        batch = socket.take()
        if not socket.full:
            self._full.discard(socket)
        self._check_end()
        return batch

    def slow(self, now_ns: int) -> list[int]:
        """Return the sockets to be closed: at a pace, nobody may be 10 s behind."""
        if self._clock.speed is None:
            return []
        waiting = [(socket.number, socket.oldest) for socket in self._unsent]
        return sorted(
            number
            for number, oldest in waiting
            if oldest is not None and now_ns - oldest.since_ns > SLOW_AFTER_NS
        )

    def statistics(self, now_ns: int) -> MarketStatistics:
        """Return counts."""
        due_ns = self._clock.when_ns(self._source.due_ns(), now_ns)
        late_ns = now_ns - due_ns if due_ns is not None and self._clock.running else 0
        frames_waiting = sum(socket.frames_waiting for socket in self._sockets.values())
        return MarketStatistics(self.state, len(self._sockets), frames_waiting, max(late_ns, 0))

    def _take(self, until_ns: int, touched: set[int], now_ns: int) -> bool:
        """Queue one item that is due; False where there is none, or the next has to wait."""
        position = self._source.position
        item = None if self._full else self._source.take(until_ns)
        if item is None:
            return False
        self._snapshots.clear()
        if isinstance(item, Closing):
            self._close(item, touched, now_ns)
            return False
        self._deliver(item, position, touched, now_ns)
        return True

    def _stepping(self, now_ns: int) -> bool:
        if not self._steps or not self._clock.paused or self._full:
            return False
        return self._clock.free(self._held, now_ns)

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
        leaving = [socket for socket in self._sockets.values() if socket.leaving]
        for socket in leaving:
            socket.dismiss(MOVED, self.position, now_ns)
        return {socket.number for socket in leaving}

    def _deliver(self, item: Item, position: int, touched: set[int], now_ns: int) -> None:
        targets = self._aim.targets(item.route)
        if item.step != 1 and item.digits is not None:
            reached = {socket.number for socket, _ in targets}
            for number, socket in self._sockets.items():
                if number not in reached:
                    socket.miss(item.step)
        for socket, products in targets:
            part = item if products is None else self._part(item, products)
            socket.pass_on(part, position, now_ns)
            touched.add(socket.number)
            if socket.full:
                self._full.add(socket)

    def _part(self, item: Item, products: frozenset[str]) -> Item:
        frame = self._hearing.split(item.frame, products)
        return Item(item.offset_ns, frame, item.route, self._hearing.digits(frame), item.step)

    def _close(self, closing: Closing, touched: set[int], now_ns: int) -> None:
        leaving = [
            socket
            for socket in self._sockets.values()
            if socket.pairs
            and not (closing.products and closing.products.isdisjoint(socket.products))
        ]
        awaited = frozenset(pair for socket in leaving for pair in socket.pairs)
        for socket in leaving:
            socket.dismiss(RECORDED_CLOSE, self.position, now_ns)
            touched.add(socket.number)
        self._subscribed()
        if awaited:
            self._stand(awaited, closing.offset_ns)

    def _stand(self, awaited: frozenset[Pair], offset_ns: int) -> None:
        self._returning = True
        self._clock.wait_for(awaited, offset_ns, RETURN_ALLOWANCE_NS)

    def _subscribed(self) -> None:
        self._aim.forget()
        holders = [socket.pairs for socket in self._sockets.values() if not socket.leaving]
        self._held = frozenset().union(*holders)

    def _say(self, socket: Socket, frame: bytes, now_ns: int) -> None:
        socket.say(frame, self._hearing.digits(frame), self.position, now_ns)

    def _say_books(self, socket: Socket, request: Request, now_ns: int) -> None:
        for name, products in request.names:
            if self._hearing.channel(name) != "level2":
                continue
            for product in products:
                frame = self._snapshot(product)
                if frame is not None:
                    self._say(socket, frame, now_ns)

    def _snapshot(self, product: str) -> bytes | None:
        """Return the book at the position, made once however many ask for it there."""
        made = self._snapshots.get(product)
        book = None if made is not None else self._source.book(product)
        if book is not None:
            made = self._hearing.snapshot(product, *book, self._source.time_ns())
            self._snapshots[product] = made
        return made

    def _check_end(self) -> None:
        if not self._ended and not self._unsent:
            self._ended = self._source.due_ns() is None
