"""NORM bodies: batches of finished client events, ready to be spliced into messages.

A body is an index, an empty line, and the batches' bytes one after the other. An index
line is `product channel type items bytes first_seq epoch`: one line per run of consecutive
events of one (product, channel) that have the same type. A batch's bytes are the JSON
array that clients get as `data`, so a gateway forwards what it serves unparsed and skips
the rest.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from ledgerflux.errors import LogError
from ledgerflux.model.events import Change, Level, Side

ChannelName = Literal["level2", "trades", "ticker", "status"]
EventType = Literal["update", "snapshot", "gap", "trade", "ticker", "status"]


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


class Batch(NamedTuple):
    """Consecutive events of one stream and type, as bytes of a JSON array."""

    product: str
    channel: ChannelName
    type: EventType
    epoch: str
    first_seq: int
    items: int
    body: bytes

    @property
    def last_seq(self) -> int:
        """Return the seq of the last event."""
        return self.first_seq + self.items - 1


def pack(batches: Iterable[Batch]) -> bytes:
    """Return the NORM body of `batches`, in order."""
    index: list[str] = []
    bodies: list[bytes] = []
    for batch in batches:
        index.append(
            f"{batch.product} {batch.channel} {batch.type} {batch.items} {len(batch.body)} "
            f"{batch.first_seq} {batch.epoch}\n"
        )
        bodies.append(batch.body)
    return b"".join(("".join(index).encode(), b"\n", *bodies))


def unpack(body: bytes) -> list[Batch]:
    """Return the batches of a NORM body.

    Raises:
        LogError: The body is not one, or is cut short.
    """
    end = 0 if body.startswith(b"\n") else body.find(b"\n\n") + 1
    if end == 0 and not body.startswith(b"\n"):
        raise LogError("a NORM body has no index")
    place = end + 1
    batches: list[Batch] = []
    try:
        for line in body[:end].decode("ascii").splitlines():
            product, channel, kind, count, size, first_seq, epoch = line.split(" ")
            data = body[place : place + int(size)]
            if len(data) != int(size):
                raise LogError("a NORM body is cut short")
            batches.append(
                Batch(product, channel, kind, epoch, int(first_seq), int(count), data)  # type: ignore[arg-type]
            )
            place += int(size)
    except ValueError as error:
        raise LogError(f"a NORM index can't be read: {error}") from error
    if place != len(body):
        raise LogError("a NORM body has bytes that no index line names")
    return batches
