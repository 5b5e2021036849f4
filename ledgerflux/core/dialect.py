"""What an exchange says and hears, as the market needs it: one implementation a venue.

The market decides whom a frame reaches and under which number; a dialect only knows how
its venue writes. Everything here is without state and time is an argument.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from ledgerflux.model.events import Change, Level, Side

ROUTES_MAX = 4096


class Route:
    """Whom a frame concerns; compared by identity, so that it can key a cache cheaply.

    `channels`: our names, or the venue's own where we have none; a frame goes to sockets that
    hold one of them (empty: any of the product's). `products`: those it speaks of (empty: the
    frame is about the connection). `acknowledgement`: it answers a request, and is never sent
    to anybody who did not make one.
    """

    __slots__ = ("acknowledgement", "channels", "products")

    def __init__(
        self,
        channels: tuple[str, ...],
        products: tuple[str, ...] = (),
        *,
        acknowledgement: bool = False,
    ) -> None:
        self.channels = channels
        self.products = products
        self.acknowledgement = acknowledgement


class Routes:
    """One `Route` for equal channels and products, at most `ROUTES_MAX` kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], Route] = {}

    def get(self, channels: tuple[str, ...], products: tuple[str, ...]) -> Route:
        """Return the route of `channels` and `products`, the same object each time."""
        found = self._known.get((channels, products))
        if found is None:
            if len(self._known) >= ROUTES_MAX:
                self._known.clear()
            found = self._known[channels, products] = Route(channels, products)
        return found


class Request(NamedTuple):
    """What a client asks for: products by the name under which a channel is acknowledged.

    An empty tuple of products asks for the channel as such (channels about the connection),
    or, when unsubscribing, for all of its products.
    """

    verb: Literal["subscribe", "unsubscribe"]
    names: tuple[tuple[str, tuple[str, ...]], ...]


class Fill(NamedTuple):
    """One execution as an exchange tells it; `sequence` numbers the product's events."""

    trade_id: int
    sequence: int
    price: str
    size: str
    taker: Side


class Summary(NamedTuple):
    """The facts of a ticker: last execution, best levels and the day."""

    last: Fill
    bid: Level
    ask: Level
    open_24h: str
    low_24h: str
    high_24h: str
    volume_24h: str


class Beat(NamedTuple):
    """What a heartbeat says of one product."""

    product: str
    sequence: int
    last_trade_id: int


class Hearing(Protocol):
    """How a dialect is served from any source: requests in, answers and routes out."""

    name: str
    """The venue's, as in `venues.base.Venue`."""

    def read(self, text: str | bytes, products: Collection[str]) -> Request | bytes:
        """Return what a client asks for, or the error frame that the venue answers.

        `products` are those that exist here.
        """
        ...

    def channel(self, name: str) -> str:
        """Return the channel that the acknowledged `name` stands for, in our names."""
        ...

    def acknowledge(self, held: Mapping[str, Collection[str]], time_ns: int) -> bytes:
        """Return the frame that lists everything a socket holds, by acknowledged name."""
        ...

    def snapshot(
        self, product: str, bids: Sequence[Level], asks: Sequence[Level], time_ns: int
    ) -> bytes:
        """Return the frame of a whole book; levels best first."""
        ...

    def route(self, frame: bytes) -> Route:
        """Return whom `frame` concerns; what can't be read concerns everybody. Never raises."""
        ...

    def split(self, frame: bytes, products: Collection[str]) -> bytes:
        """Return `frame` with nothing in it but `products`; all else as it was written."""
        ...

    def digits(self, frame: bytes) -> tuple[int, int] | None:
        """Return where the digits of the connection's number stand; None where there are none."""
        ...


class Speaking(Hearing, Protocol):
    """How a dialect tells what happens in a market that is made here."""

    trades_together: bool
    """Whether the fills of one order come in one frame."""

    def level2(self, product: str, changes: Sequence[Change], time_ns: int) -> bytes:
        """Return the frame of changed levels."""
        ...

    def trades(self, product: str, fills: Sequence[Fill], time_ns: int) -> list[bytes]:
        """Return the frames of `fills`, which come in the order they happened."""
        ...

    def ticker(self, product: str, summary: Summary, time_ns: int) -> bytes:
        """Return the frame of a ticker."""
        ...

    def heartbeats(self, beats: Sequence[Beat], counter: int, time_ns: int) -> list[bytes]:
        """Return the heartbeat frames of one moment; `counter` grows by one a second."""
        ...


def restamp(frame: bytes, digits: tuple[int, int], number: int) -> bytes:
    """Return `frame` with `number` in place of the digits at `digits`; nothing else changes.

    The number of a connection is never negative: below zero the venue could not write it.
    """
    start, end = digits
    return b"%b%d%b" % (frame[:start], max(0, number), frame[end:])
