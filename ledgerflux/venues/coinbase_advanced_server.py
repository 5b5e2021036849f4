"""Coinbase Advanced Trade spoken from the exchange's side.

Every frame carries `sequence_num`; it is written as 0 here and set when the frame goes to
a socket. Keys (`jwt`, `api_key`, `signature`) are passed over, so that a client written for
the venue connects as it is; the channels of an account are refused as without keys.

Source: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec

from ledgerflux.core.dialect import Beat, Fill, Request, Route, Routes, Summary
from ledgerflux.model.events import Change, Level
from ledgerflux.model.units import NANOS_PER_S, rfc3339
from ledgerflux.venues.coinbase_advanced import CHANNELS
from ledgerflux.venues.frames import UNREADABLE

_HEARTBEATS = "heartbeats"
_ALIASES = {"heartbeat": _HEARTBEATS}
_OWN_CHANNELS = ("candles", "status")
_ACCOUNT_CHANNELS = ("user", "futures_balance_summary")
_WITHOUT_PRODUCTS = (_HEARTBEATS, "status")
_DATA_CHANNELS = {**CHANNELS, "l2_data": "level2"}
_LISTS = ("trades", "tickers", "candles")
_MICROS_END = 26
_SIDES = {"buy": "bid", "sell": "offer"}

_DIGITS = re.compile(rb'"sequence_num"\s*:\s*([0-9]+)')
_UPDATE_START = re.compile(
    rb'\{"channel":"l2_data","timestamp":"[^"\\]*","sequence_num":[0-9]+,'
    rb'"events":\[\{"type":"(?:update|snapshot)","product_id":"([^"\\]*)"'
)


class _Asked(msgspec.Struct):
    type: str = ""
    product_ids: list[str] | None = None
    channel: str | None = None


class _Item(msgspec.Struct, gc=False):
    product_id: str | None = None


class _EventHead(msgspec.Struct, gc=False):
    product_id: str | None = None
    trades: list[_Item] | None = None
    tickers: list[_Item] | None = None
    candles: list[_Item] | None = None


class _Head(msgspec.Struct, gc=False):
    channel: str | None = None
    events: list[_EventHead] | None = None


class _Channel(msgspec.Struct, gc=False):
    channel: str
    sequence_num: int


_ASKED = msgspec.json.Decoder(_Asked)
_HEAD = msgspec.json.Decoder(_Head)
_CHANNEL = msgspec.json.Decoder(_Channel)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EVENTS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_ITEM = msgspec.json.Decoder(_Item)
_NAME = msgspec.json.Decoder(str | None)
_encode = msgspec.json.Encoder().encode


class CoinbaseAdvancedServer:
    """The dialect of `advanced-trade-ws.coinbase.com`, told by an exchange."""

    name: str = "coinbase-advanced"
    trades_together: bool = True

    def __init__(self) -> None:
        self._routes = Routes()
        self._acknowledgement = Route((), acknowledgement=True)

    def recognizes(self, frame: bytes) -> bool:
        """Say whether `frame` is a message of this dialect."""
        try:
            _CHANNEL.decode(frame)
        except UNREADABLE:
            return False
        return True

    def read(self, text: str | bytes, products: Collection[str]) -> Request | bytes:
        """Return what a client asks for, or the error frame that the venue answers."""
        try:
            asked = _ASKED.decode(text)
        except UNREADABLE:
            return _error("malformed JSON")
        if asked.type == "subscribe":
            verb: Literal["subscribe", "unsubscribe"] = "subscribe"
        elif asked.type == "unsubscribe":
            verb = "unsubscribe"
        else:
            return _error("type has to be either subscribe or unsubscribe")
        name = _ALIASES.get(asked.channel or "", asked.channel or "")
        wanted = tuple(dict.fromkeys(asked.product_ids or ()))
        wrong = _wrong(name, wanted, verb, products)
        if wrong is not None:
            return _error(wrong)
        return Request(verb, ((name, () if name in _WITHOUT_PRODUCTS else wanted),))

    def channel(self, name: str) -> str:
        """Return the channel that the acknowledged `name` stands for, in our names."""
        return CHANNELS.get(name, name)

    def acknowledge(self, held: Mapping[str, Collection[str]], time_ns: int) -> bytes:
        """Return the `subscriptions` frame; a channel without products lists its own name."""
        listed = {name: [product or name for product in held[name]] for name in sorted(held)}
        return _encode(
            {
                "channel": "subscriptions",
                "timestamp": rfc3339(time_ns),
                "sequence_num": 0,
                "events": [{"subscriptions": listed}],
            }
        )

    def snapshot(
        self, product: str, bids: Sequence[Level], asks: Sequence[Level], time_ns: int
    ) -> bytes:
        """Return the `l2_data` frame of a whole book."""
        time = rfc3339(time_ns)
        levels = _levels("bid", bids, time) + _levels("offer", asks, time)
        return _book_frame("snapshot", product, levels, time)

    def route(self, frame: bytes) -> Route:
        """Return whom `frame` concerns; what can't be read concerns everybody."""
        start = _UPDATE_START.match(frame)
        # A second event would name its product again.
        if start is not None and frame.find(b'"product_id"', start.end()) < 0:
            return self._routes.get(("level2",), (start[1].decode(errors="replace"),))
        try:
            head = _HEAD.decode(frame)
        except UNREADABLE:
            return self._routes.get((), ())
        if head.channel == "subscriptions":
            return self._acknowledgement
        if head.channel is None:
            return self._routes.get((), ())
        products = dict.fromkeys(
            product for event in head.events or () for product in _products(event)
        )
        return self._routes.get((_DATA_CHANNELS.get(head.channel, head.channel),), tuple(products))

    def split(self, frame: bytes, products: Collection[str]) -> bytes:
        """Return `frame` with nothing in it but `products`; all else as it was written."""
        whole = _OBJECT.decode(frame)
        events = [_split_event(event, products) for event in _EVENTS.decode(whole["events"])]
        kept = b",".join(event for event in events if event is not None)
        return _join({**whole, "events": b"[%b]" % kept})

    def digits(self, frame: bytes) -> tuple[int, int] | None:
        """Return where the digits of `sequence_num` stand; None where there are none."""
        found = _DIGITS.search(frame)
        return None if found is None else found.span(1)

    def level2(self, product: str, changes: Sequence[Change], time_ns: int) -> bytes:
        """Return an `l2_data` update."""
        time = rfc3339(time_ns)
        event_time = time[:_MICROS_END]
        levels = ",".join(
            [
                f'{{"side":"{_SIDES[side]}","event_time":"{event_time}Z",'
                f'"price_level":"{price}","new_quantity":"{size}"}}'
                for side, price, size in changes
            ]
        )
        return (
            f'{{"channel":"l2_data","timestamp":"{time}","sequence_num":0,"events":[{{'
            f'"type":"update","product_id":"{product}","updates":[{levels}]}}]}}'
        ).encode()

    def trades(self, product: str, fills: Sequence[Fill], time_ns: int) -> list[bytes]:
        """Return one `market_trades` update, newest first; `side` is the maker's."""
        time = rfc3339(time_ns)
        listed = ",".join(
            [
                f'{{"product_id":"{product}","trade_id":"{fill.trade_id}",'
                f'"price":"{fill.price}","size":"{fill.size}","time":"{time[:_MICROS_END]}Z",'
                f'"side":"{"SELL" if fill.taker == "buy" else "BUY"}"}}'
                for fill in reversed(fills)
            ]
        )
        return [
            (
                f'{{"channel":"market_trades","timestamp":"{time}","sequence_num":0,'
                f'"events":[{{"type":"update","trades":[{listed}]}}]}}'
            ).encode()
        ]

    def ticker(self, product: str, summary: Summary, time_ns: int) -> bytes:
        """Return a `ticker` update."""
        return (
            f'{{"channel":"ticker","timestamp":"{rfc3339(time_ns)}","sequence_num":0,'
            f'"events":[{{"type":"update","tickers":[{{"type":"ticker",'
            f'"product_id":"{product}","price":"{summary.last.price}",'
            f'"volume_24_h":"{summary.volume_24h}","low_24_h":"{summary.low_24h}",'
            f'"high_24_h":"{summary.high_24h}","low_52_w":"{summary.low_24h}",'
            f'"high_52_w":"{summary.high_24h}","price_percent_chg_24_h":"0",'
            f'"best_bid":"{summary.bid[0]}","best_bid_quantity":"{summary.bid[1]}",'
            f'"best_ask":"{summary.ask[0]}","best_ask_quantity":"{summary.ask[1]}"}}]}}]}}'
        ).encode()

    def heartbeats(self, beats: Sequence[Beat], counter: int, time_ns: int) -> list[bytes]:  # noqa: ARG002
        """Return the one `heartbeats` frame of the connection."""
        time = rfc3339(time_ns)
        current = f"{time[:10]} {time[11:-1]} +0000 UTC m=+{counter}.{time_ns % NANOS_PER_S:09d}"
        return [
            (
                f'{{"channel":"heartbeats","timestamp":"{time}","sequence_num":0,'
                f'"events":[{{"current_time":"{current}","heartbeat_counter":{counter}}}]}}'
            ).encode()
        ]


def _wrong(name: str, wanted: Sequence[str], verb: str, known: Collection[str]) -> str | None:
    if name in _ACCOUNT_CHANNELS:
        return "authentication failure"
    if name not in CHANNELS and name not in _OWN_CHANNELS:
        return f"invalid channel: {name[:80]}"
    if name in _WITHOUT_PRODUCTS:
        return None
    for product in wanted:
        if product not in known:
            return f"{product[:80]} is not a valid product"
    if not wanted and verb == "subscribe":
        return f"{name} requires at least one product ID"
    return None


def _error(message: str) -> bytes:
    return _encode({"type": "error", "message": message})


def _levels(side: str, levels: Sequence[Level], time: str) -> list[str]:
    start = f'{{"side":"{side}","event_time":"{time}","price_level":"'
    return [f'{start}{price}","new_quantity":"{size}"}}' for price, size in levels]


def _book_frame(kind: str, product: str, levels: Sequence[str], time: str) -> bytes:
    return (
        f'{{"channel":"l2_data","timestamp":"{time}","sequence_num":0,"events":[{{'
        f'"type":"{kind}","product_id":"{product}","updates":[{",".join(levels)}]}}]}}'
    ).encode()


def _products(event: _EventHead) -> list[str]:
    items = (event.trades or []) + (event.tickers or []) + (event.candles or [])
    named = [event.product_id, *(item.product_id for item in items)]
    return [product for product in named if product is not None]


def _split_event(event: dict[str, msgspec.Raw], products: Collection[str]) -> bytes | None:
    own = _NAME.decode(event.get("product_id", b"null"))
    if own is not None:
        return _join(event) if own in products else None
    parts: dict[str, Any] = dict(event)
    for name in _LISTS:
        if name in event:
            items: list[msgspec.Raw] = _ITEMS.decode(event[name]) or []
            kept = [bytes(item) for item in items if _ITEM.decode(item).product_id in products]
            if not kept:
                return None
            parts[name] = b"[%b]" % b",".join(kept)
    return _join(parts)


def _join(parts: Mapping[str, msgspec.Raw | bytes]) -> bytes:
    return b"{%b}" % b",".join(
        b"%b:%b" % (_encode(key), bytes(part)) for key, part in parts.items()
    )
