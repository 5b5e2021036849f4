"""All sockets of one market: who holds what, what waits for whom, and whom a frame reaches."""

from collections.abc import Collection, Iterator

from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_aim import Aim
from ledgerflux.core.market_socket import Goodbye, Socket
from ledgerflux.core.market_source import Item, Pair
from ledgerflux.model.units import NANOS_PER_S

SLOW_AFTER_NS = 10 * NANOS_PER_S


class Sockets:
    """The sockets by number, the first is 1; one that is leaving gets and holds nothing more."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._sockets: dict[int, Socket] = {}
        self._full: set[Socket] = set()
        self._unsent: set[Socket] = set()
        self._aim = Aim(self._sockets)
        self.made_total = 0
        self.held: frozenset[Pair] = frozenset()
        """What is held by those that stay."""

    def __len__(self) -> int:
        return len(self._sockets)

    def __getitem__(self, number: int) -> Socket:
        return self._sockets[number]

    def __iter__(self) -> Iterator[Socket]:
        return iter(self._sockets.values())

    @property
    def full(self) -> bool:
        """Say whether more than the bound waits for one of them."""
        return bool(self._full)

    @property
    def waiting(self) -> bool:
        """Say whether anything was not sent yet."""
        return bool(self._unsent)

    @property
    def leaving(self) -> list[Socket]:
        """Return those on their way out."""
        return [socket for socket in self if socket.leaving]

    def holders(self, products: frozenset[str]) -> list[Socket]:
        """Return those that hold anything of `products`; with none named, anything at all."""
        return [
            socket
            for socket in self
            if socket.pairs and not (products and products.isdisjoint(socket.products))
        ]

    @property
    def frames_waiting(self) -> int:
        """Return how many frames nobody took yet."""
        return sum(socket.frames_waiting for socket in self)

    def settled(self, position: int) -> int:
        """Return the position that brings everything not sent again, `position` where all is."""
        waiting = [socket.oldest for socket in self._unsent]
        return min((frame.position for frame in waiting if frame is not None), default=position)

    def behind(self, now_ns: int) -> list[int]:
        """Return the numbers of those for whom a frame has waited more than 10 s."""
        waiting = [(socket.number, socket.oldest) for socket in self._unsent]
        return sorted(
            number
            for number, oldest in waiting
            if oldest is not None and now_ns - oldest.since_ns > SLOW_AFTER_NS
        )

    # -- who is there ------------------------------------------------------------------

    def add(self) -> int:
        """Make a socket and return its number."""
        self.made_total += 1
        number = self.made_total
        self._sockets[number] = Socket(number, self._hearing.channel, self._unsent)
        return number

    def remove(self, number: int) -> Socket:
        """Forget a socket and what waits for it; return it."""
        socket = self._sockets.pop(number)
        self._full.discard(socket)
        self._unsent.discard(socket)
        self.subscribed()
        return socket

    def subscribed(self) -> None:
        """Note that one of them holds something else now, or is leaving."""
        self._aim.forget()
        self.held = frozenset().union(*(socket.pairs for socket in self if not socket.leaving))

    def abandon(self) -> frozenset[Pair]:
        """Send nothing more that waits to anybody; return what they held."""
        pairs = frozenset[Pair]().union(*(socket.pairs for socket in self))
        for socket in self:
            socket.abandon()
        self._full.clear()
        self.subscribed()
        return pairs

    # -- what they get -----------------------------------------------------------------

    def say(self, socket: Socket, frame: bytes, position: int, now_ns: int) -> None:
        """Queue a frame of our own for one of them."""
        socket.say(frame, self._hearing.digits(frame), position, now_ns)

    def deliver(self, item: Item, position: int, touched: set[int], now_ns: int) -> None:
        """Queue a frame of the source for all that hold it, cut down to what each holds.

        `touched` collects the numbers of those that got something.
        """
        targets = self._aim.targets(item.route)
        if item.step != 1 and item.digits is not None:
            reached = {socket.number for socket, _ in targets}
            for socket in self:
                if socket.number not in reached:
                    socket.miss(item.step)
        for socket, products in targets:
            part = item if products is None else self._part(item, products)
            socket.pass_on(part, position, now_ns)
            touched.add(socket.number)
            if socket.full:
                self._full.add(socket)

    def dismiss(
        self, sockets: Collection[Socket], goodbye: Goodbye, position: int, now_ns: int
    ) -> set[int]:
        """Queue the end of some of them; return their numbers."""
        for socket in sockets:
            socket.dismiss(goodbye, position, now_ns)
        self.subscribed()
        return {socket.number for socket in sockets}

    def take(self, number: int) -> list[bytes | Goodbye]:
        """Return the next frames to send to one of them; those of the last call are sent."""
        socket = self._sockets[number]
        batch = socket.take()
        if not socket.full:
            self._full.discard(socket)
        return batch

    def _part(self, item: Item, products: frozenset[str]) -> Item:
        frame = self._hearing.split(item.frame, products)
        return Item(item.offset_ns, frame, item.route, self._hearing.digits(frame), item.step)
