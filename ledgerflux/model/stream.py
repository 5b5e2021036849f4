"""What clients get: numbered events of a product's streams.

`seq` counts the events of one (venue, product, channel) from 1 in an epoch, +1 each. Times
are RFC 3339 texts with nine decimals. Field order is the order in JSON.
"""

from typing import Literal, NamedTuple

import msgspec

from ledgerflux.model.events import Change, Level, Side

ChannelName = Literal["level2", "trades", "ticker", "status", "candles"]
"""Of which candles are made by whoever tells them: they are in no log."""
CHANNELS: tuple[ChannelName, ...] = ("level2", "trades", "ticker", "status")
"""Of the log."""
EventType = Literal["update", "snapshot", "gap", "trade", "ticker", "status"]
BookState = Literal["init", "syncing", "live", "suspect", "resyncing", "stale", "halted"]


class Level2Update(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """level2 `update`: changed levels, absolute sizes, in venue order."""

    seq: int
    ts_exchange: str | None
    ts_receive: str
    changes: list[Change]
    src_seq: int | None = None


class Level2Snapshot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """level2 `snapshot`: the whole book, bids best first, asks best first."""

    seq: int
    ts_exchange: str | None
    ts_receive: str
    reason: str
    bids: list[Level]
    asks: list[Level]
    src_seq: int | None = None


class Gap(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`gap` of level2 or trades: something is missing, or can't be proved, before this point.

    `missing` counts what is known to be missing; for trades `from_id` to `to_id` are the
    trade ids. After a level2 gap the book is not live until the next snapshot.
    """

    seq: int
    ts_receive: str
    cause: str
    state: str
    detail: str = ""
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """trades `trade`: one execution; `side` is the taker's."""

    seq: int
    trade_id: int
    price: str
    size: str
    side: Side
    raw_side: str
    ts_exchange: str | None
    ts_receive: str


class TickerEvent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """ticker `ticker`: full state each time; `derived` where made from book and trades."""

    seq: int
    ts_exchange: str | None
    ts_receive: str
    price: str | None
    size: str | None
    bid: str | None
    bid_size: str | None
    ask: str | None
    ask_size: str | None
    volume_24h: str | None = None
    low_24h: str | None = None
    high_24h: str | None = None
    trade_id: int | None = None
    derived: bool = False


class StatusEvent(msgspec.Struct, frozen=True, gc=False):
    """status `status`: the state of the product's book changed."""

    seq: int
    state: str
    reason: str
    ts_receive: str


class CandleEvent(msgspec.Struct, frozen=True, gc=False):
    """candles `candle`: one bar; `whole` where no trade of its time can have been missed.

    `vwap` is null where no volume was traded; the times are those of its last trade by seq.
    """

    start: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    trades: int
    vwap: str | None
    closed: bool
    whole: bool
    ts_exchange: str | None
    ts_receive: str


StreamEvent = Level2Update | Level2Snapshot | Gap | TradeEvent | TickerEvent | StatusEvent


class Made(NamedTuple):
    """An event and the stream it belongs to."""

    product: str
    channel: ChannelName
    type: EventType
    epoch: str
    event: StreamEvent
