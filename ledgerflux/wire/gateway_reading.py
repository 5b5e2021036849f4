"""A gateway's messages as a client reads them: one struct for all, events decoded on demand.

`Follower` keeps a `Mirror` for each stream of one connection and feeds it. Unknown keys
are ignored, so that a newer gateway can say more.
"""

from typing import Any, NamedTuple, TypeVar

import msgspec

from ledgerflux.core.mirror import Mirror, Verdict
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import GatewayError
from ledgerflux.model.events import Change, Level
from ledgerflux.model.stream import CandleEvent, StatusEvent, TickerEvent, TradeEvent

T = TypeVar("T")


class Place(msgspec.Struct, frozen=True):
    """Where a stream stands."""

    epoch: str
    seq: int


class Message(msgspec.Struct, frozen=True):
    """One message of a gateway; what a message has not is None or empty.

    `raw` is the text as received. `data` is read by `updates`, `trades`, `tickers`,
    `statuses`, `candles` or `document`.
    """

    type: str
    channel: str = ""
    venue: str = ""
    product_id: str = ""
    epoch: str = ""
    prev_seq: int | None = None
    seq: int = 0
    ts_publish: str | None = None
    ts_exchange: str | None = None
    ts_receive: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"[]")
    part: int = 1
    parts: int = 1
    bids: list[Level] = []
    asks: list[Level] = []
    state: str = ""
    integrity: str = ""
    integrity_rule: str = ""
    depth: int | str | None = None
    conflate: str = ""
    interval: str = ""
    checksum: int | None = None
    reason: str = ""
    from_seq: int = 0
    to_seq: int = 0
    cause: str = ""
    next: str = ""
    detail: str = ""
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None
    counter: int = 0
    heads: dict[str, dict[str, Any]] = {}
    req_id: int | str | None = None
    success: bool = True
    product_ids: list[str] = []
    streams: dict[str, Place] = {}
    recovered: dict[str, bool] = {}
    via: dict[str, str] = {}
    code: str | int = ""
    message: str = ""
    retryable: bool = False
    retry_after_ms: int | None = None
    scope: str = ""
    mode: str = ""
    dropped: int = 0
    reconnect: bool = True
    reconnect_after_ms: int | None = None
    source: str = ""
    connection_id: str = ""
    limits: dict[str, int] = {}
    nonce: int | str | None = None
    action: str = ""
    replay: dict[str, Any] | None = None
    service: str | None = None
    pid: int | None = None
    raw: bytes = b""

    def updates(self) -> "list[Level2Told]":
        """Return the events of a level2 `update`."""
        return _decoded(_updates, self.data)

    def trades(self) -> list[TradeEvent]:
        """Return the events of a trades `trade`."""
        return _decoded(_trades, self.data)

    def tickers(self) -> list[TickerEvent]:
        """Return the events of a `ticker`."""
        return _decoded(_tickers, self.data)

    def statuses(self) -> list[StatusEvent]:
        """Return the events of a product's `status`."""
        return _decoded(_statuses, self.data)

    def candles(self) -> list[CandleEvent]:
        """Return the bars of a `candle`: each replaces the one with its `start`."""
        return _decoded(_candles, self.data)

    def document(self) -> dict[str, Any]:
        """Return the `lf.status/1` of a system message."""
        return _decoded(_document, self.data)


class Level2Told(msgspec.Struct, frozen=True, gc=False):
    """Levels that changed; without `seq` the net of several updates."""

    ts_exchange: str | None
    ts_receive: str
    changes: list[Change]
    seq: int | None = None
    src_seq: int | None = None


_messages = msgspec.json.Decoder(Message)
_updates = msgspec.json.Decoder(list[Level2Told])
_trades = msgspec.json.Decoder(list[TradeEvent])
_tickers = msgspec.json.Decoder(list[TickerEvent])
_statuses = msgspec.json.Decoder(list[StatusEvent])
_candles = msgspec.json.Decoder(list[CandleEvent])
_document = msgspec.json.Decoder(dict[str, Any])


def read_message(raw: bytes) -> Message:
    """Return the message in `raw`.

    Raises:
        GatewayError: It is none (`protocol_error`).
    """
    return msgspec.structs.replace(_decoded(_messages, raw), raw=raw)


def _decoded(decoder: "msgspec.json.Decoder[T]", raw: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        text = f"a message of the gateway can't be read: {error}"
        raise GatewayError(text, code="protocol_error") from error


class Judged(NamedTuple):
    """What a message means to the stream it belongs to."""

    verdict: Verdict
    mirror: Mirror


class Follower:
    """The streams of one connection, each in a `Mirror` by (channel, product)."""

    def __init__(self) -> None:
        self.mirrors: dict[tuple[str, str], Mirror] = {}

    def take(self, message: Message) -> Judged | None:
        """Feed `message` to its stream; None where it belongs to none.

        Raises:
            GatewayError: Its events can't be read (`protocol_error`).
        """
        if message.type == "subscribed":
            self._begin(message)
            return None
        if message.type == "unsubscribed":
            for product in message.product_ids:
                self.mirrors.pop((message.channel, product), None)
            return None
        if not message.product_id:
            return None
        mirror = self._mirror(message.channel, message.product_id)
        verdict = _judge(mirror, message)
        if verdict is Verdict.APPLIED and message.checksum is not None and mirror.whole:
            verdict = mirror.prove(message.checksum)
        return Judged(verdict, mirror)

    def _mirror(self, channel: str, product: str) -> Mirror:
        mirror = self.mirrors.get((channel, product))
        if mirror is None:
            mirror = self.mirrors[channel, product] = Mirror()
        return mirror

    def _begin(self, message: Message) -> None:
        for product, told in message.streams.items():
            mirror = self._mirror(message.channel, product)
            place = Position(told.epoch, told.seq)
            if message.via.get(product) != "replay" or not mirror.go_on(place):
                mirror.begin(place)


def _judge(mirror: Mirror, message: Message) -> Verdict:
    match message.type:
        case "snapshot":
            mirror.state, mirror.integrity = message.state, message.integrity
            mirror.ts_exchange, mirror.ts_receive = message.ts_exchange, message.ts_receive
            return mirror.snapshot(
                Position(message.epoch, message.seq),
                message.prev_seq,
                message.reason,
                (message.part, message.parts),
                (message.bids, message.asks),
            )
        case "gap":
            return mirror.gap(message.epoch, message.from_seq, message.to_seq, message.state)
        case "update":
            events = _decoded(_updates, message.data)
            for event in events[-1:]:
                mirror.ts_exchange, mirror.ts_receive = event.ts_exchange, event.ts_receive
            changes = [event.changes for event in events]
            return mirror.update(message.epoch, message.prev_seq or 0, message.seq, changes)
        case "ticker" if message.prev_seq is None:
            return mirror.leap(message.epoch, message.seq)
        case _:
            return mirror.data(message.epoch, message.prev_seq or 0, message.seq)
