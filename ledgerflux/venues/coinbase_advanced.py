"""Coinbase Advanced Trade: events in envelopes, told apart by `channel`.

`sequence_num` starts at 0 and steps by one over every frame of the connection, whatever
its channel: a hole in it makes every book of the connection suspect, and only that.

Source: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket
"""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from ledgerflux.model.events import Parsed, Unknown
from ledgerflux.venues.base import FRAME_BYTES_MAX, Channel, Integrity
from ledgerflux.venues.coinbase_advanced_book import BOOK_START, read_book
from ledgerflux.venues.coinbase_advanced_messages import KINDS, MESSAGE
from ledgerflux.venues.fields import KIND_CHARS_MAX, Count, venue_error
from ledgerflux.venues.frames import UNREADABLE, examine, refusal, settle, too_long

CHANNELS: dict[str, Channel] = {
    "level2": "level2",
    "market_trades": "trades",
    "ticker": "ticker",
    "ticker_batch": "ticker",
    "heartbeats": "heartbeats",
}
"""Our channel for each name of the venue, the name to ask for first.

`level2` is what one asks for and what the acknowledgement says; data come as `l2_data`.
"""

_NAMES: dict[Channel, str] = {ours: name for name, ours in reversed(CHANNELS.items())}

# Read from the first byte on, so no text of a message can pass for the key.
_HEAD = re.compile(
    rb'\{"channel":"[^"\\]*",(?:"client_id":"[^"\\]*",)?"timestamp":"[^"\\]*",'
    rb'"sequence_num":(0|[1-9][0-9]{0,17})[,}]'
)


class _Number(msgspec.Struct):
    sequence_num: Count | None = None


class _Loose(msgspec.Struct):
    """What tells frames apart that are no message of a known channel."""

    channel: str | None = None
    type: str | None = None
    message: str | None = None
    reason: str | None = None


_NUMBER = msgspec.json.Decoder(_Number)
_LOOSE = msgspec.json.Decoder(_Loose)


class CoinbaseAdvanced:
    """The dialect of `advanced-trade-ws.coinbase.com`, read as a client without keys."""

    name: str = "coinbase-advanced"
    url: str = "wss://advanced-trade-ws.coinbase.com"
    channels: tuple[Channel, ...] = ("level2", "trades", "ticker", "heartbeats")
    integrity: Integrity = "sequence"
    integrity_rule: str = "sequence:connection"
    book_requests_per_s: float = 8.0

    def subscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return one frame for each of `channels`, in their order; none without products."""
        return _requests("subscribe", products, channels)

    def unsubscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return one frame for each of `channels`, in their order; none without products."""
        return _requests("unsubscribe", products, channels)

    def sequence(self, frame: bytes) -> int | None:
        """Return `sequence_num` of `frame`, None where it has none that can be read.

        Where the frame starts as the venue writes it, only its start is read: a frame cut
        off after its number still has it. Any other is scanned whole, without building values.
        """
        head = _HEAD.match(frame)
        if head is not None:
            return int(head[1])
        try:
            return _NUMBER.decode(frame).sequence_num
        except UNREADABLE:
            return None

    def is_heartbeat(self, frame: bytes) -> bool:
        """Say whether `frame` is one of the connection's, once a second."""
        return frame.startswith(b'{"channel":"heartbeats"')

    def parse(self, frame: bytes) -> Parsed:
        """Return what `frame` says; a channel that the protocol lacks is `Unknown`.

        New trades come by ascending id within their product, after recent ones.

        Raises:
            Refused: The bytes are not a message of this dialect; a key twice is `limits`.
        """
        if len(frame) > FRAME_BYTES_MAX:
            raise too_long(frame)
        if frame.startswith(BOOK_START):
            book = read_book(frame)
            if book is not None:
                return book
        try:
            message = MESSAGE.decode(frame)
        except UNREADABLE as error:
            return self._unread(frame, error)
        settle(frame, message.quotes())
        return Parsed(message.sequence_num, message.read())

    def _unread(self, frame: bytes, error: Exception) -> Parsed:
        try:
            loose = _LOOSE.decode(frame)
        except UNREADABLE:
            raise refusal(frame, error) from None
        kind = loose.type if loose.channel is None else loose.channel
        if kind is None or loose.channel in KINDS:
            raise refusal(frame, error) from None
        examine(frame)
        if loose.channel is None and kind == "error":
            return Parsed(self.sequence(frame), [venue_error(loose.message, loose.reason)])
        return Parsed(self.sequence(frame), [Unknown(kind[:KIND_CHARS_MAX])])


def _requests(
    kind: Literal["subscribe", "unsubscribe"], products: Sequence[str], channels: Sequence[Channel]
) -> list[str]:
    if not products:
        return []
    frames = (
        {"type": kind, "product_ids": list(products), "channel": _NAMES[channel]}
        for channel in channels
    )
    return [msgspec.json.encode(frame).decode() for frame in frames]
