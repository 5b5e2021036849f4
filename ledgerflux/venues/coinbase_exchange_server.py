"""Coinbase Exchange spoken from the exchange's side.

Subscriptions need no keys here and `signature`, `key`, `passphrase`, `timestamp` are passed
over, so that a client written for the venue connects as it is.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/overview
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

from ledgerflux.core.dialect import Beat, Fill, Request, Route, Routes, Summary
from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import rfc3339
from ledgerflux.venues.coinbase_exchange import CHANNELS
from ledgerflux.venues.frames import UNREADABLE

_ACKNOWLEDGED = {"level2_batch": "level2_50"}
_OWN_CHANNELS = ("full", "status", "auctionfeed")
_WITHOUT_PRODUCTS = ("status",)
_MICROS_END = 26  # 2026-08-09T20:14:22.372283 of the nine decimals

_ORDERS = ("received", "open", "done", "change", "activate")
_CHANNELS_OF: dict[str, tuple[str, ...]] = {
    "snapshot": ("level2",),
    "l2update": ("level2",),
    "match": ("trades", "full"),
    "last_match": ("trades",),
    "ticker": ("ticker",),
    "heartbeat": ("heartbeats",),
    "status": ("status",),
    "auction": ("auctionfeed",),
    **dict.fromkeys(_ORDERS, ("full",)),
}


class _Asked(msgspec.Struct):
    type: str = ""
    product_ids: list[str] | None = None
    channels: list[str | dict[str, msgspec.Raw]] | None = None


class _Head(msgspec.Struct, gc=False):
    type: str = ""
    product_id: str | None = None


class _Held(msgspec.Struct):
    name: str
    product_ids: list[str]
    account_ids: None = None


_ASKED = msgspec.json.Decoder(_Asked)
_NAME = msgspec.json.Decoder(str)
_PRODUCTS = msgspec.json.Decoder(list[str])
_HEAD = msgspec.json.Decoder(_Head)
_HEAD_START = re.compile(rb'\{"type":"(l2update)","product_id":"([^"\\]*)",')
_encode = msgspec.json.Encoder().encode


class _Wrong(Exception):
    """A request that the venue refuses; the text is its reason."""


class CoinbaseExchangeServer:
    """The dialect of `ws-feed.exchange.coinbase.com`, told by an exchange."""

    name: str = "coinbase-exchange"
    trades_together: bool = False

    def __init__(self) -> None:
        self._routes = Routes()
        self._acknowledgement = Route((), acknowledgement=True)

    def recognizes(self, frame: bytes) -> bool:
        """Say whether `frame` is a message of this dialect."""
        try:
            head = _HEAD.decode(frame)
        except UNREADABLE:
            return False
        return head.type in _CHANNELS_OF and head.product_id is not None

    def read(self, text: str | bytes, products: Collection[str]) -> Request | bytes:
        """Return what a client asks for, or the error frame that the venue answers."""
        try:
            asked = _ASKED.decode(text)
        except UNREADABLE:
            return _error("Malformed JSON")
        if asked.type == "subscribe":
            verb: Literal["subscribe", "unsubscribe"] = "subscribe"
        elif asked.type == "unsubscribe":
            verb = "unsubscribe"
        else:
            return _error("Type has to be either subscribe or unsubscribe")
        try:
            return Request(verb, _names(asked, verb, products))
        except _Wrong as wrong:
            return _error(f"Failed to {verb}", str(wrong))

    def channel(self, name: str) -> str:
        """Return the channel that the acknowledged `name` stands for, in our names."""
        return CHANNELS.get(name, name)

    def acknowledge(self, held: Mapping[str, Collection[str]], time_ns: int) -> bytes:  # noqa: ARG002
        """Return the `subscriptions` frame; it carries no time."""
        channels = [_Held(name, [*filter(None, held[name])]) for name in held]
        return _encode({"type": "subscriptions", "channels": channels})

    def snapshot(
        self, product: str, bids: Sequence[Level], asks: Sequence[Level], time_ns: int
    ) -> bytes:
        """Return the `snapshot` frame of a whole book."""
        return _encode(
            {
                "type": "snapshot",
                "product_id": product,
                "bids": bids,
                "asks": asks,
                "time": micros(time_ns),
            }
        )

    def route(self, frame: bytes) -> Route:
        """Return whom `frame` concerns; what can't be read concerns everybody."""
        head = _HEAD_START.match(frame)
        if head is not None:
            return self._routes.get(("level2",), (head[2].decode(errors="replace"),))
        try:
            read = _HEAD.decode(frame)
        except UNREADABLE:
            return self._routes.get((), ())
        if read.type == "subscriptions":
            return self._acknowledgement
        products = () if read.product_id is None else (read.product_id,)
        return self._routes.get(_CHANNELS_OF.get(read.type, ()), products)

    def split(self, frame: bytes, products: Collection[str]) -> bytes:  # noqa: ARG002
        """Return `frame`: no message of this dialect speaks of two products."""
        return frame

    def digits(self, frame: bytes) -> tuple[int, int] | None:  # noqa: ARG002
        """Return None: connections of this venue are not numbered."""
        return None

    def level2(self, product: str, changes: Sequence[Change], time_ns: int) -> bytes:
        """Return an `l2update` frame."""
        listed = ",".join([f'["{side}","{price}","{size}"]' for side, price, size in changes])
        return (
            f'{{"type":"l2update","product_id":"{product}","changes":[{listed}],'
            f'"time":"{micros(time_ns)}"}}'
        ).encode()

    def trades(self, product: str, fills: Sequence[Fill], time_ns: int) -> list[bytes]:
        """Return one `match` frame for each of `fills`; `side` is the maker's."""
        time = micros(time_ns)
        return [
            (
                f'{{"type":"match","trade_id":{fill.trade_id},'
                f'"maker_order_id":"{_order_id(fill.sequence, 0)}",'
                f'"taker_order_id":"{_order_id(fills[0].sequence, 1)}",'
                f'"side":"{"sell" if fill.taker == "buy" else "buy"}",'
                f'"size":"{fill.size}","price":"{fill.price}","product_id":"{product}",'
                f'"sequence":{fill.sequence},"time":"{time}"}}'
            ).encode()
            for fill in fills
        ]

    def ticker(self, product: str, summary: Summary, time_ns: int) -> bytes:
        """Return a `ticker` frame; `side` is the taker's."""
        last = summary.last
        return (
            f'{{"type":"ticker","sequence":{last.sequence},"product_id":"{product}",'
            f'"price":"{last.price}","open_24h":"{summary.open_24h}",'
            f'"volume_24h":"{summary.volume_24h}","low_24h":"{summary.low_24h}",'
            f'"high_24h":"{summary.high_24h}","volume_30d":"{summary.volume_24h}",'
            f'"best_bid":"{summary.bid[0]}","best_bid_size":"{summary.bid[1]}",'
            f'"best_ask":"{summary.ask[0]}","best_ask_size":"{summary.ask[1]}",'
            f'"side":"{last.taker}","time":"{micros(time_ns)}","trade_id":{last.trade_id},'
            f'"last_size":"{last.size}"}}'
        ).encode()

    def heartbeats(self, beats: Sequence[Beat], counter: int, time_ns: int) -> list[bytes]:  # noqa: ARG002
        """Return one `heartbeat` frame a product."""
        time = micros(time_ns)
        return [
            (
                f'{{"type":"heartbeat","sequence":{beat.sequence},'
                f'"last_trade_id":{beat.last_trade_id},"product_id":"{beat.product}",'
                f'"time":"{time}"}}'
            ).encode()
            for beat in beats
        ]


def micros(time_ns: int) -> str:
    """Return `time_ns` as this venue writes times: six decimals, `Z`."""
    return rfc3339(time_ns)[:_MICROS_END] + "Z"


def _names(
    asked: _Asked, verb: str, known: Collection[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not asked.channels:
        raise _Wrong("No channels provided")
    names: list[tuple[str, tuple[str, ...]]] = []
    for channel in asked.channels:
        name, own = (channel, None) if isinstance(channel, str) else _object(channel)
        if name not in CHANNELS and name not in _OWN_CHANNELS:
            raise _Wrong(f"{name[:80]} is not a valid channel")
        products = tuple(dict.fromkeys((asked.product_ids or []) if own is None else own))
        for product in products:
            if product not in known:
                raise _Wrong(f"{product[:80]} is not a valid product")
        if not products and verb == "subscribe" and name not in _WITHOUT_PRODUCTS:
            raise _Wrong(f"{name} requires at least one product ID")
        names.append((_ACKNOWLEDGED.get(name, name), products))
    return tuple(names)


def _object(channel: dict[str, msgspec.Raw]) -> tuple[str, list[str] | None]:
    try:
        name = _NAME.decode(channel["name"])
        own = channel.get("product_ids")
        return name, None if own is None else _PRODUCTS.decode(own)
    except (KeyError, *UNREADABLE):
        raise _Wrong("No channels provided") from None


def _error(message: str, reason: str | None = None) -> bytes:
    frame = {"type": "error", "message": message}
    return _encode(frame if reason is None else {**frame, "reason": reason})


def _order_id(sequence: int, kind: int) -> str:
    digits = f"{sequence * 2 + kind:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
