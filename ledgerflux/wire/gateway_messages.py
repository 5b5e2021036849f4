"""Every message a gateway sends, described: the public contract of `lfx.v1`.

The gateway splices bytes (`wire.gateway_frames`); these models are what those bytes must
be, and the source of generated schemas. Unknown keys are errors here; a client should
ignore keys it does not know.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ledgerflux.core.terms import Depth, Interval
from ledgerflux.wire.gateway_control import (
    Authenticated,
    Channel,
    Controlled,
    ErrorMessage,
    Goodbye,
    Message,
    Pong,
    ProductId,
    Requested,
    Seq,
    Subscribed,
    Subscriptions,
    ThrottledMessage,
    Time,
    Unsubscribed,
    Welcome,
)
from ledgerflux.wire.status import Status

Decimal = Annotated[str, Field(pattern=r"^-?\d{1,24}(\.\d{1,24})?$")]
"""A price or size exactly as the venue wrote it."""
Volume = Annotated[str, Field(pattern=r"^-?\d{1,48}(\.\d{1,24})?$")]
"""An exact sum of sizes, without zeros at its end."""
Level = tuple[Decimal, Decimal]
"""Price and size."""
Change = tuple[Literal["buy", "sell"], Decimal, Decimal]
"""Side, price and new size; a size of zero removes the level."""
Checksum = Annotated[int, Field(ge=0, lt=2**32)]
State = Literal["init", "syncing", "live", "suspect", "resyncing", "stale", "halted"]
Integrity = Literal["sequence", "checksum", "none"]


class StreamMessage(Message):
    """Base of what belongs to a stream."""

    venue: str
    product_id: ProductId
    epoch: str
    seq: Seq
    ts_publish: Time


class DataMessage(StreamMessage):
    """Apply it iff `epoch` is yours and `prev_seq` is your `seq`; then yours is `seq`."""

    prev_seq: Seq


class Level2Event(Message):
    """Levels that changed, absolute sizes, in venue order; without `seq` the net of several."""

    seq: Seq | None = None
    ts_exchange: Time | None
    ts_receive: Time
    changes: tuple[Change, ...]
    src_seq: int | None = None


class Level2Update(DataMessage):
    """level2: one element per update of the venue, or one for all since the last message.

    `checksum` is that of the book after it (`core.checksum`); one read from the log has none.
    """

    channel: Literal["level2"]
    type: Literal["update"]
    checksum: Checksum | None = None
    data: Annotated[tuple[Level2Event, ...], Field(min_length=1)]


class Level2Snapshot(Message):
    """level2: the book at `seq`, `depth` levels of each side, in `parts`; replaces what was known.

    `prev_seq` is set where the snapshot is itself an event of the stream (the venue sent a
    new book): then the one rule holds for it too. Levels are best first within a part.
    """

    channel: Literal["level2"]
    type: Literal["snapshot"]
    venue: str
    product_id: ProductId
    epoch: str
    prev_seq: Seq | None
    seq: Seq
    depth: Depth
    checksum: Checksum
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    state: State
    integrity: Integrity
    integrity_rule: str
    reason: Literal["subscribe", "resync", "slow", "requested", "epoch", "latest"]
    ts_exchange: Time | None
    ts_receive: Time | None
    ts_publish: Time


class TradeEvent(Message):
    """One execution; `side` is the taker's, `raw_side` the venue's word."""

    seq: Seq
    trade_id: int
    price: Decimal
    size: Decimal
    side: Literal["buy", "sell"]
    raw_side: str
    ts_exchange: Time | None
    ts_receive: Time


class Trades(DataMessage):
    """trades: new trades by ascending id."""

    channel: Literal["trades"]
    type: Literal["trade"]
    data: Annotated[tuple[TradeEvent, ...], Field(min_length=1)]


class TickerEvent(Message):
    """Full state each time; `derived` where made from book top and last trade."""

    seq: Seq
    ts_exchange: Time | None
    ts_receive: Time
    price: Decimal | None
    size: Decimal | None
    bid: Decimal | None
    bid_size: Decimal | None
    ask: Decimal | None
    ask_size: Decimal | None
    volume_24h: Decimal | None = None
    low_24h: Decimal | None = None
    high_24h: Decimal | None = None
    trade_id: int | None = None
    derived: bool = False


class Ticker(StreamMessage):
    """ticker: the newest element is the state; without `prev_seq` it applies from anywhere."""

    prev_seq: Seq | None
    channel: Literal["ticker"]
    type: Literal["ticker"]
    data: Annotated[tuple[TickerEvent, ...], Field(min_length=1)]


class StatusEvent(Message):
    """The state of the product's book changed, or is as it was at the start."""

    seq: Seq
    state: State
    reason: str
    ts_receive: Time | None


class ProductStatus(DataMessage):
    """status: the newest element is the state."""

    channel: Literal["status"]
    type: Literal["status"]
    data: Annotated[tuple[StatusEvent, ...], Field(min_length=1)]


class CandleEvent(Message):
    """A bar: replaces the one with this `start`. Times are those of its last trade by seq.

    `closed`: its time is over; should a late trade change it, it is told once more. `whole`: no
    trade of its time can have been missed. `vwap` is the sum of price times size over `volume`,
    rounded half to even to 12 decimals, or as many as `high` and `low` have; null without volume.
    """

    start: Time
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Volume
    trades: Annotated[int, Field(ge=1)]
    vwap: Decimal | None
    closed: bool
    whole: bool
    ts_exchange: Time | None
    ts_receive: Time


class Candles(DataMessage):
    """candles: the bars that changed, oldest first; `seq` is that of the trades they count.

    `prev_seq` is `seq` where only time has passed, and for the bars known at the start.
    """

    channel: Literal["candles"]
    type: Literal["candle"]
    interval: Interval
    data: Annotated[tuple[CandleEvent, ...], Field(min_length=1)]


class Gap(Message):
    """`from_seq` to `to_seq` carry no data for this client, and why.

    Your `seq` becomes `to_seq`. The range is empty (`to_seq` = `from_seq` - 1) where nothing
    of this stream is missing but its `state` changed, or a new `epoch` begins. `missing`,
    `from_id` and `to_id` are what is known of losses before the log.
    """

    channel: Channel
    type: Literal["gap"]
    venue: str
    product_id: ProductId
    epoch: str
    from_seq: Seq
    to_seq: Seq
    cause: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    next: Literal["snapshot", "live"]
    detail: str
    state: State
    missing: int | None
    from_id: int | None
    to_id: int | None
    ts_publish: Time
    backfill: Annotated[str, Field(pattern="^/v1/products/")] | None = None


class Head(Message):
    """Where a product stands."""

    epoch: str
    level2: Seq
    trades: Seq
    state: State
    integrity: Integrity


class Heartbeat(Message):
    """heartbeats: once a second; tells a quiet market from a dead connection."""

    channel: Literal["heartbeats"]
    type: Literal["heartbeat"]
    venue: str
    ts_publish: Time
    counter: int
    heads: dict[ProductId, Head]


class SystemStatus(Message):
    """system: the stack's `lf.status/1`, once a second."""

    channel: Literal["system"]
    type: Literal["status"]
    data: Status


ControlMessage = Annotated[
    Welcome
    | Subscribed
    | Unsubscribed
    | Subscriptions
    | Requested
    | Pong
    | Authenticated
    | Controlled
    | ErrorMessage
    | ThrottledMessage
    | Goodbye,
    Field(discriminator="type"),
]
_Level2 = Annotated[Level2Update | Level2Snapshot | Gap, Field(discriminator="type")]
_Trades = Annotated[Trades | Gap, Field(discriminator="type")]
_Ticker = Annotated[Ticker | Gap, Field(discriminator="type")]
_Candles = Annotated[Candles | Gap, Field(discriminator="type")]
_Status = Annotated[ProductStatus | Gap, Field(discriminator="type")]
ServerMessage = (
    ControlMessage | _Level2 | _Trades | _Ticker | _Status | _Candles | Heartbeat | SystemStatus
)
_adapter: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


def check(message: bytes | str) -> ServerMessage:
    """Return `message` as its model.

    Raises:
        pydantic.ValidationError: It is none of the messages a gateway may send.
    """
    return _adapter.validate_json(message)
