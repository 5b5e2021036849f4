"""One socket as the market sees it: what it holds, its numbers, and what waits to be sent."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Request, restamp
from ledgerflux.core.market_source import Item, Pair

FRAMES_MAX = 8192
BYTES_MAX = 8 * 1024 * 1024
"""A queue with more is full: the market waits for it. One frame may pass the mark."""
BATCH_FRAMES_MAX = 256
BATCH_BYTES_MAX = 256 * 1024


class Goodbye(NamedTuple):
    """The last thing a socket gets: the code and reason it is closed with."""

    code: int
    reason: str


RECORDED_CLOSE = Goodbye(1001, "the recorded session ended here")
MOVED = Goodbye(1001, "the market went on elsewhere")
SLOW_CONSUMER = Goodbye(1008, "ErrSlowConsume")


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A frame to be sent: the position that brings it again, and since when it waits."""

    message: bytes | Goodbye
    position: int
    since_ns: int


class Socket:
    """Subscriptions, numbering and queue of one socket.

    It is in `unsent`, which all sockets of a market share, while a frame of its was not sent.
    The first numbered frame has number 0, each of our own one more than the last. A frame of
    the source has as many more as its step says; one that this socket does not get counts
    only for what is unusual about its step. So every hole, repeat and swap of the source stays
    one, and nothing else looks like one.
    """

    def __init__(self, number: int, channel: Callable[[str], str], unsent: "set[Socket]") -> None:
        self.number = number
        self._channel = channel
        self._unsent = unsent
        self.held: dict[str, dict[str, None]] = {}
        self.pairs: frozenset[Pair] = frozenset()
        self.products: frozenset[str] = frozenset()
        self.leaving = False
        self.bytes_waiting = 0
        self._last: int | None = None
        self._queue: deque[Waiting] = deque()
        self._in_flight: Waiting | None = None

    @property
    def full(self) -> bool:
        """Say whether more than the bound waits."""
        return self.bytes_waiting > BYTES_MAX or len(self._queue) > FRAMES_MAX

    @property
    def frames_waiting(self) -> int:
        """Return how many frames nobody took yet."""
        return len(self._queue)

    @property
    def oldest(self) -> Waiting | None:
        """Return the first frame that was not sent yet."""
        return self._in_flight or (self._queue[0] if self._queue else None)

    def apply(self, request: Request) -> None:
        """Change what this socket holds."""
        for name, products in request.names:
            if request.verb == "subscribe":
                self.held.setdefault(name, {}).update(dict.fromkeys(products or ("",)))
                continue
            held = self.held.pop(name, {})
            left = {product: None for product in held if products and product not in products}
            if left:
                self.held[name] = left
        self.pairs = frozenset(
            (self._channel(name), product) for name, held in self.held.items() for product in held
        )
        self.products = frozenset(product for _, product in self.pairs)

    def wants(self, channels: tuple[str, ...], product: str) -> bool:
        """Say whether a frame of `channels` that speaks of `product` is for this socket."""
        if not channels:
            return product in self.products
        return any((channel, product) in self.pairs for channel in channels)

    def listens(self, channels: tuple[str, ...]) -> bool:
        """Say whether a frame of `channels` that speaks of no product is for this socket."""
        return any(not channels or channel in channels for channel, _ in self.pairs)

    def say(self, frame: bytes, digits: tuple[int, int] | None, position: int, now_ns: int) -> None:
        """Queue a frame of our own."""
        if digits is not None:
            self._last = 0 if self._last is None else self._last + 1
            frame = restamp(frame, digits, self._last)
        self.bytes_waiting += len(frame)
        self._put(Waiting(frame, position, now_ns))

    def pass_on(self, item: Item, position: int, now_ns: int) -> None:
        """Queue a frame of the source."""
        frame, digits, last = item.frame, item.digits, self._last
        if digits is not None:
            self._last = number = 0 if last is None else last + item.step
            frame = restamp(frame, digits, number)
        self.bytes_waiting += len(frame)
        self._put(Waiting(frame, position, now_ns))

    def miss(self, step: int) -> None:
        """Note a numbered frame of the source that this socket does not get."""
        if self._last is not None:
            self._last += step - 1

    def abandon(self) -> None:
        """Send nothing more that waits, and hear nothing: the market goes on elsewhere."""
        self.leaving = True
        self._queue.clear()
        self._in_flight = None
        self.bytes_waiting = 0
        self._unsent.discard(self)

    def dismiss(self, goodbye: Goodbye, position: int, now_ns: int) -> None:
        """Queue the end: nothing can follow it."""
        self.leaving = True
        self._put(Waiting(goodbye, position, now_ns))

    def take(self) -> list[bytes | Goodbye]:
        """Return the next frames to send, a bounded batch; those of the last call are sent."""
        batch: list[bytes | Goodbye] = []
        queue = self._queue
        if not queue:
            self._in_flight = None
            self._unsent.discard(self)
            return batch
        self._in_flight = queue[0]
        taken_bytes = 0
        while queue and len(batch) < BATCH_FRAMES_MAX and taken_bytes < BATCH_BYTES_MAX:
            message = queue.popleft().message
            taken_bytes += len(message) if isinstance(message, bytes) else 0
            batch.append(message)
        self.bytes_waiting -= taken_bytes
        return batch

    def _put(self, waiting: Waiting) -> None:
        self._queue.append(waiting)
        self._unsent.add(self)
