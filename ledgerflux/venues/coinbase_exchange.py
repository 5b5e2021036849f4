"""Coinbase Exchange: the classic feed, one flat object a message, told apart by `type`.

Level2 without keys is the batch channel, which carries no sequence number: nothing
proves a book of this dialect. The `sequence` of other messages counts the events of
one product and has holes wherever a channel leaves events out.

Source: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from ledgerflux.model.events import Parsed, Unknown
from ledgerflux.venues.base import FRAME_BYTES_MAX, Channel, Integrity
from ledgerflux.venues.coinbase_exchange_messages import KINDS, MESSAGE
from ledgerflux.venues.fields import KIND_CHARS_MAX
from ledgerflux.venues.frames import UNREADABLE, examine, refusal, settle, too_long

CHANNELS: dict[str, Channel] = {
    "level2_batch": "level2",
    "level2_50": "level2",
    "level2": "level2",
    "matches": "trades",
    "ticker": "ticker",
    "ticker_batch": "ticker",
    "heartbeat": "heartbeats",
}
"""Our channel for each name of the venue, the name to ask for first.

`level2_batch` is acknowledged as `level2_50` (50 milliseconds, the whole book).
"""

_NAMES: dict[Channel, str] = {ours: name for name, ours in reversed(CHANNELS.items())}


class _Kind(msgspec.Struct):
    type: str


_KIND = msgspec.json.Decoder(_Kind)


class CoinbaseExchange:
    """The classic dialect of `ws-feed.exchange.coinbase.com`, read as a client without keys."""

    name: str = "coinbase-exchange"
    url: str = "wss://ws-feed.exchange.coinbase.com"
    channels: tuple[Channel, ...] = ("level2", "trades", "ticker", "heartbeats")
    integrity: Integrity = "none"
    integrity_rule: str = "none"
    book_requests_per_s: float = 8.0

    def subscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the one frame that subscribes `products` to `channels`; none for nothing."""
        return _request("subscribe", products, channels)

    def unsubscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the one frame that takes the subscription back; none for nothing."""
        return _request("unsubscribe", products, channels)

    def sequence(self, frame: bytes) -> int | None:  # noqa: ARG002
        """Return None: connections of this venue are not numbered."""
        return None

    def is_heartbeat(self, frame: bytes) -> bool:
        """Say whether `frame` is one of a product's, once a second."""
        return frame.startswith(b'{"type":"heartbeat"')

    def parse(self, frame: bytes) -> Parsed:
        """Return what `frame` says; a type that the protocol lacks is `Unknown`.

        Raises:
            Refused: The bytes are not a message of this dialect; a key twice is `limits`.
        """
        if len(frame) > FRAME_BYTES_MAX:
            raise too_long(frame)
        try:
            message = MESSAGE.decode(frame)
        except UNREADABLE as error:
            return _unread(frame, error)
        settle(frame, message.quotes())
        return Parsed(None, message.read())


def _request(
    kind: Literal["subscribe", "unsubscribe"], products: Sequence[str], channels: Sequence[Channel]
) -> list[str]:
    if not products or not channels:
        return []
    names = [_NAMES[channel] for channel in channels]
    frame = {"type": kind, "product_ids": list(products), "channels": names}
    return [msgspec.json.encode(frame).decode()]


def _unread(frame: bytes, error: Exception) -> Parsed:
    try:
        kind = _KIND.decode(frame).type
    except UNREADABLE:
        raise refusal(frame, error) from None
    if kind in KINDS:
        raise refusal(frame, error) from None
    examine(frame)
    return Parsed(None, [Unknown(kind[:KIND_CHARS_MAX])])
