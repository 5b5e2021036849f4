"""Where a market comes from: items with their times, and the exchange's own books."""

from typing import NamedTuple, Protocol

import msgspec

from ledgerflux.core.dialect import Hearing, Route
from ledgerflux.core.market_profile import Profile
from ledgerflux.model.events import Level

Pair = tuple[str, str]
"""(channel, product); the product is empty where the channel is about the connection."""
Levels = tuple[list[Level], list[Level]]
"""Bids and asks, best first."""


class Item(msgspec.Struct, frozen=True, gc=False):
    """One frame of the market.

    `offset_ns` is when it is due, on the market's clock, from 0. `digits` is where the number
    of the connection stands in `frame`, None where it has none. `step` is how far the source's
    own numbers moved from the frame before: 1 normally, 2 where one is missing, 0 for a repeat,
    negative for a swap.
    """

    offset_ns: int
    frame: bytes
    route: Route
    digits: tuple[int, int] | None = None
    step: int = 1


class Closing(msgspec.Struct, frozen=True, gc=False):
    """A connection of the source ended here; `products` is what it spoke of (empty: nothing)."""

    offset_ns: int
    products: frozenset[str]


class Extent(NamedTuple):
    """How large a market with an end is: items, and the offset of the last.

    `begin_ns` is the time of its beginning, nanoseconds since 1970 UTC, None where nobody knows.
    """

    items: int
    span_ns: int
    begin_ns: int | None
    profile: Profile


class Place(NamedTuple):
    """A place of a market: items before it, offset from its beginning, and the time there."""

    items: int
    offset_ns: int
    time_ns: int


class Source(Protocol):
    """A market to be served."""

    position: int
    """How many items it is past."""
    products: tuple[str, ...]
    """Every product that can be asked for."""
    pairs: frozenset[Pair]
    """What has to be subscribed before the market may start without waiting."""

    @property
    def extent(self) -> Extent | None:
        """Return how large it is; None where it has no end, and can't travel."""
        ...

    def due_ns(self) -> int | None:
        """Return the offset of the next item; None after the last."""
        ...

    def take(self, until_ns: int) -> Item | Closing | None:
        """Return the next item if it is due at the offset `until_ns`, and move past it."""
        ...

    def skip(self, items: int) -> int:
        """Move past up to `items` items, a bounded number; return how many are left to pass."""
        ...

    def travel(self, offset_ns: int) -> bool:
        """Go towards `offset_ns` of its extent, a bounded way; say whether it is there.

        It is there when the items before that offset are passed, and no other. Only where there
        is an `extent`.
        """
        ...

    def place(self, offset_ns: int) -> Place:
        """Return the place in the market of an offset that `due_ns` does not pass."""
        ...

    def book(self, product: str) -> Levels | None:
        """Return the book of `product` at the position; None while it is not known."""
        ...

    def begin(self, wall_ns: int) -> None:
        """Say that the clock runs from now on, and what the wall clock shows."""
        ...

    def time_ns(self) -> int:
        """Return the market's time at the position, nanoseconds since 1970 UTC."""
        ...

    def save(self) -> bytes | None:
        """Return what a later process needs to be at this position without playing up to it.

        None where there is nothing of the kind, now or ever.
        """
        ...


class MarketPlan(Protocol):
    """A market that can be opened, here and again in a later process."""

    name: str
    """What people see: `synthetic:200`, `replay:NAME`."""
    identity: str
    """Two plans with the same identity give the same items in the same order."""
    products: tuple[str, ...]
    """What consumers should subscribe."""
    channels: tuple[str, ...]
    """Our names of the channels that there is something on."""
    hearing: Hearing
    """The dialect it is served in."""

    def open(self, kept: bytes | None, wall_ns: int, *, loop: bool) -> Source:
        """Return the source, at the beginning or where `kept` (of `Source.save`) was made.

        With `loop` it begins again at its end, where it has one. `wall_ns` is what the wall
        clock shows.
        """
        ...
