"""Coinbase Exchange: the messages of the channels without keys, and of the connection.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
"""

import msgspec

from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Change,
    Event,
    Heartbeat,
    Ignored,
    Level,
    RecentTrades,
    Side,
    Subscriptions,
    Ticker,
    Trade,
    VenueStatus,
)
from ledgerflux.venues import coinbase_exchange_orders as orders
from ledgerflux.venues.fields import (
    TAKER_OF,
    Count,
    check_changes,
    check_decimals,
    check_given,
    product_id,
    product_ids,
    time_ns,
    venue_error,
)
from ledgerflux.venues.frames import Flat, Message


class _Snapshot(Flat, tag_field="type", tag="snapshot"):
    product_id: str
    bids: list[Level]
    asks: list[Level]
    time: str | None = None

    def quotes(self) -> int:
        return 12 + 4 * (len(self.bids) + len(self.asks)) + (0 if self.time is None else 4)

    def read(self) -> list[Event]:
        product = product_id(self.product_id)
        for levels in (self.bids, self.asks):
            check_decimals([text for level in levels for text in level])
        return [BookSnapshot(product, self.bids, self.asks, time_ns(self.time))]


class _Update(Flat, tag_field="type", tag="l2update"):
    product_id: str
    changes: list[Change]
    time: str | None = None

    def quotes(self) -> int:
        return 10 + 6 * len(self.changes) + (0 if self.time is None else 4)

    def read(self) -> list[Event]:
        product = product_id(self.product_id)
        check_changes(self.changes)
        return [BookUpdate(product, self.changes, time_ns(self.time))]


class _Match(Flat, tag_field="type", tag="match"):
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

    def read(self) -> list[Event]:
        return [self.trade()]


class _LastMatch(_Match, tag_field="type", tag="last_match"):
    def read(self) -> list[Event]:
        trade = self.trade()
        return [RecentTrades(trade.product, [trade])]


class _Ticker(Flat, tag_field="type", tag="ticker"):
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

    def read(self) -> list[Event]:
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


class _Heartbeat(Flat, tag_field="type", tag="heartbeat"):
    product_id: str
    sequence: Count | None = None
    last_trade_id: Count | None = None
    time: str | None = None

    def read(self) -> list[Event]:
        # `sequence` counts the product's events, not the heartbeats.
        product = product_id(self.product_id)
        return [Heartbeat(product, None, self.last_trade_id, time_ns(self.time))]


class _Subscribed(msgspec.Struct, gc=False):
    name: str
    product_ids: list[str] | None = None


class _Subscriptions(Flat, tag_field="type", tag="subscriptions"):
    channels: list[_Subscribed]

    def quotes(self) -> int:
        return -1

    def read(self) -> list[Event]:
        held: dict[str, list[str]] = {}
        for channel in self.channels:
            ids = product_ids(channel.name, channel.product_ids or [])
            held.setdefault(channel.name, []).extend(ids)
        return [Subscriptions(held)]


class _Error(Flat, tag_field="type", tag="error"):
    message: str | None = None
    reason: str | None = None

    def read(self) -> list[Event]:
        return [venue_error(self.message, self.reason)]


class _Product(msgspec.Struct, gc=False):
    id: str
    status: str


class _Status(Flat, tag_field="type", tag="status"):
    products: list[_Product] | None = None

    def quotes(self) -> int:
        return -1

    def read(self) -> list[Event]:
        return [VenueStatus({product_id(item.id): item.status for item in self.products or []})]


class _Activate(Flat, tag_field="type", tag="activate"):
    """A stop order became active; the book learns of it by `received` and `open`."""

    def quotes(self) -> int:
        return -1

    def read(self) -> list[Event]:
        return [Ignored("activate")]


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
    | orders.Received
    | orders.Open
    | orders.Done
    | orders.Change
    | _Activate
)
MESSAGE: msgspec.json.Decoder[Message] = msgspec.json.Decoder(_Any)
"""Decodes a frame whose `type` is one of `KINDS`."""
KINDS = frozenset(str(item.__struct_config__.tag) for item in _Any.__args__)
