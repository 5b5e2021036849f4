"""Coinbase Exchange: the classic feed, one flat object a message, told apart by `type`.

Level2 without keys is the batch channel, which carries no sequence number: nothing
proves a book of this dialect. The `sequence` of other messages counts the events of
one product and has holes wherever a channel leaves events out.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Change,
    Event,
    Heartbeat,
    Ignored,
    Level,
    OrderChanged,
    OrderDone,
    OrderOpened,
    OrderReceived,
    Parsed,
    RecentTrades,
    Side,
    Subscriptions,
    Ticker,
    Trade,
    Unknown,
    VenueStatus,
)
from ledgerflux.venues.base import Channel, Integrity
from ledgerflux.venues.fields import (
    KIND_CHARS_MAX,
    TAKER_OF,
    Count,
    check_decimals,
    check_given,
    product_id,
    product_ids,
    time_ns,
    venue_error,
)
from ledgerflux.venues.frames import UNREADABLE, check_length, examine, quotes_of, refusal, settle

CHANNELS: dict[str, Channel] = {
    "level2_batch": "level2",
    "level2_50": "level2",
    "level2": "level2",
    "matches": "trades",
    "ticker": "ticker",
    "ticker_batch": "ticker",
    "heartbeat": "heartbeats",
}
"""Our channel for each name of the venue, the name to ask for first.

`level2_batch` is acknowledged as `level2_50` (50 milliseconds, the whole book).
"""

_NAMES: dict[Channel, str] = {ours: name for name, ours in reversed(CHANNELS.items())}


class _Message(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """A message of the venue; every field that may be missing is None by default."""

    def quotes(self) -> int:
        """Return the double quotes that the fields account for; -1: ask the strict reader."""
        return 4 + quotes_of(msgspec.structs.astuple(self))

    def events(self) -> list[Event]:
        raise NotImplementedError


class _Snapshot(_Message, tag="snapshot"):
    product_id: str
    bids: list[Level]
    asks: list[Level]
    time: str | None = None

    def quotes(self) -> int:
        return 12 + 4 * (len(self.bids) + len(self.asks)) + (0 if self.time is None else 4)

    def events(self) -> list[Event]:
        product = product_id(self.product_id)
        for levels in (self.bids, self.asks):
            check_decimals([text for level in levels for text in level])
        return [BookSnapshot(product, self.bids, self.asks, time_ns(self.time))]


class _Update(_Message, tag="l2update"):
    product_id: str
    changes: list[Change]
    time: str | None = None

    def quotes(self) -> int:
        return 10 + 6 * len(self.changes) + (0 if self.time is None else 4)

    def events(self) -> list[Event]:
        product = product_id(self.product_id)
        check_decimals([text for change in self.changes for text in change[1:]])
        return [BookUpdate(product, self.changes, time_ns(self.time))]


class _Match(_Message, tag="match"):
    trade_id: Count
    product_id: str
    price: str
    size: str
    side: Side
    sequence: Count | None = None
    maker_order_id: str | None = None
    taker_order_id: str | None = None
    time: str | None = None

    def trade(self) -> Trade:
        check_decimals((self.price, self.size))
        return Trade(
            product=product_id(self.product_id),
            trade_id=self.trade_id,
            price=self.price,
            size=self.size,
            side=TAKER_OF[self.side],  # `side` is the maker's
            raw_side=self.side,
            exchange_ns=time_ns(self.time),
        )

    def events(self) -> list[Event]:
        return [self.trade()]


class _LastMatch(_Match, tag="last_match"):
    def events(self) -> list[Event]:
        trade = self.trade()
        return [RecentTrades(trade.product, [trade])]


class _Ticker(_Message, tag="ticker"):
    product_id: str
    price: str
    sequence: Count | None = None
    trade_id: Count | None = None
    last_size: str | None = None
    best_bid: str | None = None
    best_bid_size: str | None = None
    best_ask: str | None = None
    best_ask_size: str | None = None
    open_24h: str | None = None
    volume_24h: str | None = None
    low_24h: str | None = None
    high_24h: str | None = None
    volume_30d: str | None = None
    side: str | None = None
    time: str | None = None

    def events(self) -> list[Event]:
        ticker = Ticker(
            product=product_id(self.product_id),
            price=self.price,
            size=self.last_size,
            bid=self.best_bid,
            bid_size=self.best_bid_size,
            ask=self.best_ask,
            ask_size=self.best_ask_size,
            volume_24h=self.volume_24h,
            low_24h=self.low_24h,
            high_24h=self.high_24h,
            trade_id=self.trade_id,
            exchange_ns=time_ns(self.time),
        )
        check_given(*msgspec.structs.astuple(ticker)[1:10])
        return [ticker]


class _Heartbeat(_Message, tag="heartbeat"):
    product_id: str
    sequence: Count | None = None
    last_trade_id: Count | None = None
    time: str | None = None

    def events(self) -> list[Event]:
        # `sequence` counts the product's events, not the heartbeats.
        product = product_id(self.product_id)
        return [Heartbeat(product, None, self.last_trade_id, time_ns(self.time))]


class _Subscribed(msgspec.Struct, gc=False):
    name: str
    product_ids: list[str] | None = None


class _Subscriptions(_Message, tag="subscriptions"):
    channels: list[_Subscribed]

    def quotes(self) -> int:
        return -1

    def events(self) -> list[Event]:
        held: dict[str, list[str]] = {}
        for channel in self.channels:
            ids = product_ids(channel.name, channel.product_ids or [])
            held.setdefault(channel.name, []).extend(ids)
        return [Subscriptions(held)]


class _Error(_Message, tag="error"):
    message: str | None = None
    reason: str | None = None

    def events(self) -> list[Event]:
        return [venue_error(self.message, self.reason)]


class _Product(msgspec.Struct, gc=False):
    id: str
    status: str


class _Status(_Message, tag="status"):
    products: list[_Product] | None = None

    def quotes(self) -> int:
        return -1

    def events(self) -> list[Event]:
        return [VenueStatus({product_id(item.id): item.status for item in self.products or []})]


class _Order(_Message):
    """What all messages of the order-by-order feed (`full`) share."""

    product_id: str
    sequence: Count
    order_id: str
    side: Side
    time: str | None = None


class _Received(_Order, tag="received"):
    order_type: str
    price: str | None = None
    size: str | None = None
    funds: str | None = None
    client_oid: str | None = None

    def events(self) -> list[Event]:
        check_given(self.price, self.size)
        return [
            OrderReceived(
                product=product_id(self.product_id),
                sequence=self.sequence,
                order_id=self.order_id,
                side=self.side,
                order_type=self.order_type,
                price=self.price,
                size=self.size,
                exchange_ns=time_ns(self.time),
            )
        ]


class _Open(_Order, tag="open"):
    price: str
    remaining_size: str

    def events(self) -> list[Event]:
        check_decimals((self.price, self.remaining_size))
        return [
            OrderOpened(
                product=product_id(self.product_id),
                sequence=self.sequence,
                order_id=self.order_id,
                side=self.side,
                price=self.price,
                size=self.remaining_size,
                exchange_ns=time_ns(self.time),
            )
        ]


class _Done(_Order, tag="done"):
    reason: str
    order_type: str | None = None
    price: str | None = None
    remaining_size: str | None = None

    def events(self) -> list[Event]:
        check_given(self.price, self.remaining_size)
        return [
            OrderDone(
                product=product_id(self.product_id),
                sequence=self.sequence,
                order_id=self.order_id,
                side=self.side,
                reason=self.reason,
                price=self.price,
                size=self.remaining_size,
                exchange_ns=time_ns(self.time),
            )
        ]


class _Change(_Order, tag="change"):
    reason: str | None = None
    price: str | None = None
    old_price: str | None = None
    new_price: str | None = None
    old_size: str | None = None
    new_size: str | None = None

    def events(self) -> list[Event]:
        # A modified order names its old price apart; any other change names its price.
        price = self.old_price if self.price is None else self.price
        check_given(price, self.new_price, self.old_size, self.new_size)
        return [
            OrderChanged(
                product=product_id(self.product_id),
                sequence=self.sequence,
                order_id=self.order_id,
                side=self.side,
                price=price,
                new_price=self.new_price,
                old_size=self.old_size,
                new_size=self.new_size,
                exchange_ns=time_ns(self.time),
            )
        ]


class _Activate(_Message, tag="activate"):
    """A stop order became active; the book learns of it by `received` and `open`."""

    def quotes(self) -> int:
        return -1

    def events(self) -> list[Event]:
        return [Ignored("activate")]


class _Kind(msgspec.Struct):
    type: str


_Any = (
    _Update
    | _Match
    | _LastMatch
    | _Ticker
    | _Heartbeat
    | _Snapshot
    | _Subscriptions
    | _Error
    | _Status
    | _Received
    | _Open
    | _Done
    | _Change
    | _Activate
)
_MESSAGE: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Any)
_KIND = msgspec.json.Decoder(_Kind)
_KINDS = frozenset(str(item.__struct_config__.tag) for item in _Any.__args__)


class CoinbaseExchange:
    """The classic dialect of `ws-feed.exchange.coinbase.com`, read as a client without keys."""

    name: str = "coinbase-exchange"
    url: str = "wss://ws-feed.exchange.coinbase.com"
    channels: tuple[Channel, ...] = ("level2", "trades", "ticker", "heartbeats")
    integrity: Integrity = "none"
    integrity_rule: str = "none"
    book_requests_per_s: float = 8.0

    def subscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the one frame that subscribes `products` to `channels`; none for nothing."""
        return _request("subscribe", products, channels)

    def unsubscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the one frame that takes the subscription back; none for nothing."""
        return _request("unsubscribe", products, channels)

    def sequence(self, frame: bytes) -> int | None:  # noqa: ARG002
        """Return None: connections of this venue are not numbered."""
        return None

    def parse(self, frame: bytes) -> Parsed:
        """Return what `frame` says; a type that the protocol lacks is `Unknown`.

        Raises:
            Refused: The bytes are not a message of this dialect; a key twice is `limits`.
        """
        check_length(frame)
        try:
            message = _MESSAGE.decode(frame)
        except UNREADABLE as error:
            return _unread(frame, error)
        settle(frame, message.quotes())
        return Parsed(None, message.events())


def _request(
    kind: Literal["subscribe", "unsubscribe"], products: Sequence[str], channels: Sequence[Channel]
) -> list[str]:
    if not products or not channels:
        return []
    names = [_NAMES[channel] for channel in channels]
    frame = {"type": kind, "product_ids": list(products), "channels": names}
    return [msgspec.json.encode(frame).decode()]


def _unread(frame: bytes, error: Exception) -> Parsed:
    try:
        kind = _KIND.decode(frame).type
    except UNREADABLE:
        raise refusal(frame, error) from None
    if kind in _KINDS:
        raise refusal(frame, error) from None
    examine(frame)
    return Parsed(None, [Unknown(kind[:KIND_CHARS_MAX])])
