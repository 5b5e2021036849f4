"""Coinbase Exchange, channel `full`: every order's life, message by message.

`sequence` counts one product's messages without holes. Live it needs keys; the
recordings hold it.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels#full-channel
"""

from ledgerflux.model.events import (
    Event,
    OrderChanged,
    OrderDone,
    OrderOpened,
    OrderReceived,
    Side,
)
from ledgerflux.venues.fields import Count, check_decimals, check_given, product_id, time_ns
from ledgerflux.venues.frames import Flat


class _Order(Flat, tag_field="type", kw_only=True):
    """What all messages of the order-by-order feed (`full`) share."""

    product_id: str
    sequence: Count
    order_id: str
    side: Side
    time: str | None = None


class Received(_Order, tag="received", kw_only=True):
    """An order was accepted; a market order has no price."""

    order_type: str
    price: str | None = None
    size: str | None = None
    funds: str | None = None
    client_oid: str | None = None

    def read(self) -> list[Event]:
        """Return the `OrderReceived`."""
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


class Open(_Order, tag="open", kw_only=True):
    """The rest of an order stands on the book."""

    price: str
    remaining_size: str

    def read(self) -> list[Event]:
        """Return the `OrderOpened`."""
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


class Done(_Order, tag="done", kw_only=True):
    """An order left; a market order was never on the book and has no price."""

    reason: str
    order_type: str | None = None
    price: str | None = None
    remaining_size: str | None = None

    def read(self) -> list[Event]:
        """Return the `OrderDone`."""
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


class Change(_Order, tag="change", kw_only=True):
    """An open order has a new size, and a new price if its owner modified it."""

    reason: str | None = None
    price: str | None = None
    old_price: str | None = None
    new_price: str | None = None
    old_size: str | None = None
    new_size: str | None = None

    def read(self) -> list[Event]:
        """Return the `OrderChanged`."""
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
