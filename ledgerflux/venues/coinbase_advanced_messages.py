"""Coinbase Advanced Trade: the message of each channel, as it is decoded and read.

Source: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
"""

from typing import Protocol

import msgspec

from ledgerflux.model.events import (
    Event,
    Heartbeat,
    Ignored,
    Subscriptions,
    Ticker,
    VenueCandles,
    VenueStatus,
)
from ledgerflux.venues.coinbase_advanced_market import Book, Envelope, Trades
from ledgerflux.venues.fields import (
    check_decimals,
    check_given,
    count,
    product_id,
    product_ids,
    time_ns,
)
from ledgerflux.venues.frames import Message, quotes_of


class _Ticker(msgspec.Struct, gc=False):
    product_id: str
    price: str
    type: str | None = None
    volume_24_h: str | None = None
    low_24_h: str | None = None
    high_24_h: str | None = None
    low_52_w: str | None = None
    high_52_w: str | None = None
    price_percent_chg_24_h: str | None = None
    best_bid: str | None = None
    best_bid_quantity: str | None = None
    best_ask: str | None = None
    best_ask_quantity: str | None = None

    def read(self, exchange_ns: int | None) -> Event:
        ticker = Ticker(
            product=product_id(self.product_id),
            price=self.price,
            bid=self.best_bid,
            bid_size=self.best_bid_quantity,
            ask=self.best_ask,
            ask_size=self.best_ask_quantity,
            volume_24h=self.volume_24_h,
            low_24h=self.low_24_h,
            high_24h=self.high_24_h,
            exchange_ns=exchange_ns,
        )
        check_given(*msgspec.structs.astuple(ticker)[1:10])
        return ticker


class _TickerEvent(msgspec.Struct, gc=False):
    tickers: list[_Ticker]
    type: str | None = None


class _Tickers(Envelope, tag="ticker"):
    events: list[_TickerEvent]

    def quotes(self) -> int:
        quotes = self.head_quotes()
        for event in self.events:
            quotes += 2 + (event.type is not None) * 4
            quotes += sum(quotes_of(msgspec.structs.astuple(item)) for item in event.tickers)
        return quotes

    def read(self) -> list[Event]:
        exchange_ns = time_ns(self.timestamp)
        return [item.read(exchange_ns) for event in self.events for item in event.tickers]


class _TickersBatch(_Tickers, tag="ticker_batch"):
    """Tickers every five seconds, without best bid and ask."""


class _Beat(msgspec.Struct, gc=False):
    current_time: str | None = None
    heartbeat_counter: int | str | None = None


class _Heartbeats(Envelope, tag="heartbeats"):
    events: list[_Beat]

    def quotes(self) -> int:
        beats = sum(quotes_of(msgspec.structs.astuple(beat)) for beat in self.events)
        return self.head_quotes() + beats

    def read(self) -> list[Event]:
        # `current_time` is the time of the sending process as Go prints it.
        exchange_ns = time_ns(self.timestamp)
        numbers = [beat.heartbeat_counter for beat in self.events]
        counters = [None if number is None else count(number) for number in numbers]
        return [Heartbeat(None, counter, None, exchange_ns) for counter in counters]


class _Subscribed(msgspec.Struct, gc=False):
    subscriptions: dict[str, list[str]]


class _Subscriptions(Envelope, tag="subscriptions"):
    events: list[_Subscribed]

    def read(self) -> list[Event]:
        return [
            Subscriptions(
                {name: product_ids(name, ids) for name, ids in event.subscriptions.items()}
            )
            for event in self.events
        ]


class _Candle(msgspec.Struct, gc=False):
    product_id: str
    start: str | int
    open: str
    high: str
    low: str
    close: str
    volume: str

    def read(self) -> tuple[int, str, str, str, str, str]:
        texts = (self.open, self.high, self.low, self.close, self.volume)
        check_decimals(texts)
        return (count(self.start), *texts)


class _CandlesEvent(msgspec.Struct, gc=False):
    candles: list[_Candle]


class _Candles(Envelope, tag="candles"):
    events: list[_CandlesEvent]

    def read(self) -> list[Event]:
        held: dict[str, list[tuple[int, str, str, str, str, str]]] = {}
        for event in self.events:
            for candle in event.candles:
                held.setdefault(product_id(candle.product_id), []).append(candle.read())
        return [VenueCandles(product, candles) for product, candles in held.items()]


class _Product(msgspec.Struct, gc=False):
    id: str
    status: str


class _StatusEvent(msgspec.Struct, gc=False):
    products: list[_Product]


class _Status(Envelope, tag="status"):
    events: list[_StatusEvent]

    def read(self) -> list[Event]:
        return [
            VenueStatus({product_id(item.id): item.status for item in event.products})
            for event in self.events
        ]


class _User(Envelope, tag="user"):
    """Orders and positions of an account: not market data."""

    def read(self) -> list[Event]:
        return [Ignored("user")]


class _FuturesBalance(Envelope, tag="futures_balance_summary"):
    """Margin of an account: not market data."""

    def read(self) -> list[Event]:
        return [Ignored("futures_balance_summary")]


_Any = (
    Book
    | Trades
    | _Heartbeats
    | _Tickers
    | _TickersBatch
    | _Subscriptions
    | _Candles
    | _Status
    | _User
    | _FuturesBalance
)


class Numbered(Message, Protocol):
    """A message with the connection's sequence number."""

    sequence_num: int


MESSAGE: msgspec.json.Decoder[Numbered] = msgspec.json.Decoder(_Any)
"""Decodes a frame whose `channel` is one of `KINDS`."""
KINDS = frozenset(str(item.__struct_config__.tag) for item in _Any.__args__)
