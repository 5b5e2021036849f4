"""Coinbase Advanced Trade: the envelope of all channels, and the two that make a market.

Source: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Change,
    Event,
    RecentTrades,
    Side,
    Trade,
)
from ledgerflux.venues.fields import (
    TAKER_OF,
    Count,
    check_decimals,
    count,
    product_id,
    time_ns,
)
from ledgerflux.venues.frames import quotes_of

SIDES: dict[str, Side] = {"bid": "buy", "offer": "sell"}
"""Our side of a level for the venue's."""


class Envelope(msgspec.Struct, tag_field="channel", kw_only=True, gc=False):
    """What all channels share; `client_id` only in the documentation's examples."""

    sequence_num: Count
    timestamp: str | None = None
    client_id: str | None = None

    def quotes(self) -> int:
        """Return -1: the contents are not counted, ask the strict reader."""
        return -1

    def head_quotes(self) -> int:
        """Return the double quotes of the envelope with `events` and without what they hold."""
        return 8 + (self.timestamp is not None) * 4 + (self.client_id is not None) * 4


class _Level(msgspec.Struct, gc=False):
    side: Literal["bid", "offer"]
    price_level: str
    new_quantity: str
    event_time: str | None = None


class _BookEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    product_id: str
    updates: list[_Level]


def _book_event(event: _BookEvent, exchange_ns: int | None) -> Event:
    product = product_id(event.product_id)
    levels = event.updates
    prices = [level.price_level for level in levels]
    sizes = [level.new_quantity for level in levels]
    check_decimals(prices + sizes)
    sides: list[Side] = [SIDES[level.side] for level in levels]
    changes: list[Change] = [*zip(sides, prices, sizes, strict=True)]
    return book_event(event.type, product, changes, exchange_ns)


def book_event(
    kind: Literal["snapshot", "update"],
    product: str,
    changes: list[Change],
    exchange_ns: int | None,
) -> Event:
    """Return what an event of `l2_data` says, its levels read and checked."""
    if kind == "update":
        return BookUpdate(product, changes, exchange_ns)
    bids = [(price, size) for side, price, size in changes if side == "buy"]
    asks = [(price, size) for side, price, size in changes if side == "sell"]
    return BookSnapshot(product, bids, asks, exchange_ns)


class Book(Envelope, tag="l2_data"):
    """Snapshots and updates of books, several products and events in one frame."""

    events: list[_BookEvent]

    def quotes(self) -> int:
        """Return the double quotes of all fields that are there."""
        quotes = self.head_quotes()
        for event in self.events:
            times = [level.event_time for level in event.updates]
            quotes += 10 + 16 * len(times) - 4 * times.count(None)
        return quotes

    def read(self) -> list[Event]:
        """Return a `BookSnapshot` or `BookUpdate` for each event, at the frame's time."""
        exchange_ns = time_ns(self.timestamp)
        return [_book_event(event, exchange_ns) for event in self.events]


class _Trade(msgspec.Struct, gc=False):
    product_id: str
    trade_id: str | int
    price: str
    size: str
    side: Literal["BUY", "SELL"]
    time: str | None = None

    def read(self) -> Trade:
        check_decimals((self.price, self.size))
        return Trade(
            product=product_id(self.product_id),
            trade_id=count(self.trade_id),
            price=self.price,
            size=self.size,
            side=TAKER_OF[self.side],  # `side` is the maker's
            raw_side=self.side,
            exchange_ns=time_ns(self.time),
        )


class _TradesEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    trades: list[_Trade]


class Trades(Envelope, tag="market_trades"):
    """Trades, newest first; the first event of a subscription lists past ones."""

    events: list[_TradesEvent]

    def quotes(self) -> int:
        """Return the double quotes of all fields that are there."""
        quotes = self.head_quotes()
        for event in self.events:
            quotes += 6 + sum(quotes_of(msgspec.structs.astuple(item)) for item in event.trades)
        return quotes

    def read(self) -> list[Event]:
        """Return `RecentTrades` of each product, then each new `Trade`."""
        past = _by_product(self._of("snapshot"))
        new = _by_product(self._of("update"))
        recent: list[Event] = [RecentTrades(product, trades) for product, trades in past.items()]
        return recent + [trade for trades in new.values() for trade in trades]

    def _of(self, kind: str) -> list[Trade]:
        return [
            trade.read() for event in self.events if event.type == kind for trade in event.trades
        ]


def _by_product(trades: Iterable[Trade]) -> dict[str, list[Trade]]:
    """Return the trades of each product by ascending id; the venue lists newest first."""
    held: dict[str, list[Trade]] = {}
    for trade in sorted(trades, key=lambda trade: trade.trade_id):
        held.setdefault(trade.product, []).append(trade)
    return held
