"""What a venue said, one type per kind of message.

Prices and sizes are the venue's own texts, checked to be plain decimals. Times
are integer nanoseconds UTC, None where the venue gave none that can be read.
`side` of a trade is the taker's.
"""

from typing import Literal

import msgspec

Side = Literal["buy", "sell"]
Level = tuple[str, str]
"""(price, size) as the venue wrote them."""
Change = tuple[Side, str, str]
"""(side, price, new size); a size of zero removes the level."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """Base of everything a venue can say."""


class BookSnapshot(Event, frozen=True):
    """The whole book of `product`; replaces what was known. Levels are in venue order."""

    product: str
    bids: list[Level]
    asks: list[Level]
    exchange_ns: int | None


class BookUpdate(Event, frozen=True):
    """Levels of `product` that changed, in venue order; sizes are absolute."""

    product: str
    changes: list[Change]
    exchange_ns: int | None


class Trade(Event, frozen=True):
    """One execution of `product`; `raw_side` is the venue's word, `side` the taker's."""

    product: str
    trade_id: int
    price: str
    size: str
    side: Side
    raw_side: str
    exchange_ns: int | None


class RecentTrades(Event, frozen=True):
    """Trades that happened before the subscription: context, never published as new."""

    product: str
    trades: list[Trade]


class Ticker(Event, frozen=True):
    """The venue's own summary of `product`; None where the venue left a field out."""

    product: str
    price: str
    size: str | None = None
    bid: str | None = None
    bid_size: str | None = None
    ask: str | None = None
    ask_size: str | None = None
    volume_24h: str | None = None
    low_24h: str | None = None
    high_24h: str | None = None
    trade_id: int | None = None
    exchange_ns: int | None = None


class Heartbeat(Event, frozen=True):
    """Proof that the venue is alive; `product` None where it covers the connection."""

    product: str | None
    counter: int | None
    last_trade_id: int | None
    exchange_ns: int | None


class Subscriptions(Event, frozen=True):
    """Everything the connection is subscribed to now, by the venue's channel names."""

    channels: dict[str, list[str]]


class VenueError(Event, frozen=True):
    """The venue refused something; `code` classifies its prose.

    Codes: `rate_limited`, `unknown_product`, `auth_required`, `slow_consumer`, `venue_error`.
    """

    code: str
    message: str
    product: str | None = None


class VenueCandles(Event, frozen=True):
    """The venue's own candles: (start seconds, open, high, low, close, volume) each."""

    product: str
    candles: list[tuple[int, str, str, str, str, str]]


class VenueStatus(Event, frozen=True):
    """What the venue says of its products: id to status word ("online", ...)."""

    products: dict[str, str]


class OrderReceived(Event, frozen=True):
    """Order-by-order feed: an order was accepted; it is not on the book yet."""

    product: str
    sequence: int
    order_id: str
    side: Side
    order_type: str
    price: str | None
    size: str | None
    exchange_ns: int | None


class OrderOpened(Event, frozen=True):
    """Order-by-order feed: the rest of an order stands on the book."""

    product: str
    sequence: int
    order_id: str
    side: Side
    price: str
    size: str
    exchange_ns: int | None


class OrderDone(Event, frozen=True):
    """Order-by-order feed: an order left; it may never have been on the book."""

    product: str
    sequence: int
    order_id: str
    side: Side
    reason: str
    price: str | None
    size: str | None
    exchange_ns: int | None


class OrderChanged(Event, frozen=True):
    """Order-by-order feed: an open order has a new size, and a new price if modified."""

    product: str
    sequence: int
    order_id: str
    side: Side
    price: str | None
    new_price: str | None
    old_size: str | None
    new_size: str | None
    exchange_ns: int | None


class Ignored(Event, frozen=True):
    """A message the protocol knows and this system has no use for; counted by `kind`."""

    kind: str


class Unknown(Event, frozen=True):
    """A message type the protocol description does not have; counted and sampled."""

    kind: str


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """One frame, read: its connection sequence number (None where the dialect has none)."""

    sequence: int | None
    events: list[Event]
