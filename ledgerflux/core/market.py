"""An exchange's market served to sockets: what goes to whom, under which number, and when.

The caller owns sockets, source and time: it reports what sockets say, asks what is due,
and sends what waits for each. A subscriber gets its acknowledgement, the exchange's own
book where there is one, then everything after that position.
"""

from typing import Literal, NamedTuple

from ledgerflux.core.dialect import Hearing, Request, Route
from ledgerflux.core.market_clock import MarketClock
from ledgerflux.core.market_socket import Goodbye, Socket
from ledgerflux.core.market_source import Closing, Item, Pair, Source
from ledgerflux.model.units import NANOS_PER_S

START_ALLOWANCE_NS = 5 * NANOS_PER_S
RETURN_ALLOWANCE_NS = 10 * NANOS_PER_S
SLOW_AFTER_NS = 10 * NANOS_PER_S
ITEMS_PER_CALL_MAX = 512

RECORDED_CLOSE = Goodbye(1001, "the recorded session ended here")
SLOW_CONSUMER = Goodbye(1008, "ErrSlowConsume")

State = Literal["paused", "waiting", "running", "ended"]
ROUTES_MAX = 4096
Targets = list[tuple[Socket, frozenset[str] | None]]
"""Who gets frames of a route; with the products to cut it down to, None for the whole."""


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
        self._held: frozenset[Pair] = frozenset()
        self._targets: dict[Route, Targets] = {}
        self._snapshots: dict[str, bytes] = {}
        self._returning = False
        self._ended = False
        self._clock = MarketClock(speed, paused=paused)
        self._clock.wait_for(source.pairs, source.due_ns() or 0, START_ALLOWANCE_NS)
        self._sockets_total = 0
        self._check_end()

    @property
    def state(self) -> State:
        """Return what the market is doing; `ended`: everything was taken and sent."""
        if self._ended:
            return "ended"
        if self._clock.running:
            return "running"
        return "paused" if self._clock.paused else "waiting"

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
        waiting = [socket.oldest for socket in self._sockets.values()]
        positions = [frame.position for frame in waiting if frame is not None]
        return min(positions, default=self.position)

    def connect(self) -> int:
        """Take a new socket in and return its number."""
        self._sockets_total += 1
        number = self._sockets_total
        self._sockets[number] = Socket(number, self._hearing.channel)
        return number

    def disconnect(self, number: int, now_ns: int) -> None:
        """Forget a socket and what waits for it.

        At speed max nothing is in time for anybody, so the clock waits for what nobody holds
        any more as it does at a recorded close.
        """
        socket = self._sockets.pop(number)
        self._full.discard(socket)
        self._subscribed()
        lost = socket.pairs - self._held
        at_pace = self._clock.speed is not None
        if self._clock.running and lost and not socket.leaving and not at_pace:
            self._stand(lost, 0)
        if self._returning and not any(other.leaving for other in self._sockets.values()):
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
        """Say whether so much waits for a socket that it should not be heard now."""
        return self._sockets[number].full

    def start(self) -> None:
        """End the pause; what else the clock waits for still holds it."""
        self._clock.paused = False

    def advance(self, now_ns: int) -> set[int]:
        """Queue what is due, a bounded number of items; return the sockets that got something.

        Stops where a queue is full: the market never runs away from its slowest socket.
        """
        if self._clock.try_run(self._held, now_ns):
            self._returning = False
            self._source.begin(now_ns + self._wall_offset_ns)
        touched: set[int] = set()
        if not self._clock.running:
            return touched
        until_ns = self._clock.offset_ns(now_ns)
        for _ in range(ITEMS_PER_CALL_MAX):
            position = self._source.position
            item = None if self._full else self._source.take(until_ns)
            if item is None:
                break
            self._snapshots.clear()
            if isinstance(item, Closing):
                self._close(item, touched, now_ns)
                break
            self._deliver(item, position, touched, now_ns)
        self._check_end()
        return touched

    def when_ns(self, now_ns: int) -> int | None:
        """Return when `advance` has work next; None until something else happens."""
        if self._full:
            return None
        return self._clock.when_ns(self._source.due_ns(), now_ns)

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
        waiting = [(socket.number, socket.oldest) for socket in self._sockets.values()]
        return [
            number
            for number, oldest in waiting
            if oldest is not None and now_ns - oldest.since_ns > SLOW_AFTER_NS
        ]

    def statistics(self, now_ns: int) -> MarketStatistics:
        """Return counts."""
        due_ns = self._clock.when_ns(self._source.due_ns(), now_ns)
        late_ns = now_ns - due_ns if due_ns is not None and self._clock.running else 0
        frames_waiting = sum(socket.frames_waiting for socket in self._sockets.values())
        return MarketStatistics(self.state, len(self._sockets), frames_waiting, max(late_ns, 0))

    def _deliver(self, item: Item, position: int, touched: set[int], now_ns: int) -> None:
        targets = self._targets.get(item.route)
        if targets is None:
            targets = self._aim(item.route)
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

    def _aim(self, route: Route) -> Targets:
        if len(self._targets) >= ROUTES_MAX:
            self._targets.clear()
        targets = self._targets[route] = []
        for socket in self._sockets.values():
            if socket.leaving:
                continue
            if not route.products:
                if socket.listens(route.channels):
                    targets.append((socket, None))
                continue
            wanted = [p for p in route.products if socket.wants(route.channels, p)]
            if wanted:
                whole = len(wanted) == len(route.products)
                targets.append((socket, None if whole else frozenset(wanted)))
        return targets

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
        self._targets.clear()
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
        if not self._ended and self._source.due_ns() is None:
            sockets = self._sockets.values()
            self._ended = all(socket.oldest is None for socket in sockets)
