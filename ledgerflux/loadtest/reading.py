"""What a load client reads of a message: where it stands in its stream, and its times.

Most clients of a process get the same bytes, in the same pieces: a piece is read once and looked
up for the others. Events are not read beyond their times, books not at all.
"""

from collections.abc import Iterable

import msgspec

from ledgerflux.errors import GatewayError
from ledgerflux.model.units import parse_time_ns
from ledgerflux.wire.gateway_packing import unpack
from ledgerflux.wire.gateway_reading import Place
from ledgerflux.wire.socket_frames import Frame, cut

KEPT_MAX = 8192
"""Messages remembered; then all are forgotten."""
KEPT_BYTES_MAX = 16 * 1024
"""A longer message, or piece, is read each time it comes."""
PIECES_MAX = 4096
PIECE_FRAMES_MAX = 16
HEAD_BYTES = 192
"""Pieces are looked up by their first bytes, then compared whole: by then a seq was told."""
TIMED = ("update", "trade", "ticker")
NANOS_PER_US = 1_000


class Told(msgspec.Struct, gc=False):
    """One message; `times_ns` are those of its events, by the clock asked for."""

    type: str
    channel: str = ""
    product_id: str = ""
    epoch: str = ""
    prev_seq: int | None = None
    seq: int = 0
    from_seq: int = 0
    to_seq: int = 0
    cause: str = ""
    reason: str = ""
    part: int = 1
    parts: int = 1
    state: str = ""
    streams: dict[str, Place] = {}
    product_ids: list[str] = []
    req_id: int | str | None = None
    code: str | int = ""
    message: str = ""
    retryable: bool = False
    retry_after_ms: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"[]")
    times_ns: tuple[int, ...] = ()
    key: tuple[str, str] = ("", "")
    """Its stream: channel and product."""


class Piece:
    """Frames received one after the other: their messages, and what else there is.

    `unreadable` are the codes of messages that could not be read, `times_us` those of all events.
    `plain`: it holds nothing but messages with times.
    """

    __slots__ = (
        "control",
        "data",
        "newest_us",
        "oldest_us",
        "plain",
        "times_us",
        "told",
        "unreadable",
    )

    def __init__(self, data: bytes, frames: list[Frame], reader: "Reader") -> None:
        self.data = data
        self.control = [frame for frame, is_text in frames if not is_text]
        self.told: list[Told] = []
        self.unreadable: list[str] = []
        for payload, is_text in frames:
            if is_text:
                self._unpack(payload, reader)
        self.times_us = times_us(self.told)
        self.oldest_us = min(self.times_us, default=0)
        self.newest_us = max(self.times_us, default=0)
        self.plain = not self.unreadable and all(told.times_ns for told in self.told)

    def _unpack(self, text: bytes, reader: "Reader") -> None:
        try:
            for payload in unpack(text):
                self.told.append(reader.read(payload))
        except GatewayError as error:
            self.unreadable.append(error.code)


def times_us(messages: Iterable[Told]) -> list[int]:
    """Return the times of all events, in whole microseconds."""
    return [time_ns // NANOS_PER_US for told in messages for time_ns in told.times_ns]


class _Times(msgspec.Struct, gc=False):
    ts_exchange: str | None = None
    ts_receive: str | None = None


_told = msgspec.json.Decoder(Told)
_times = msgspec.json.Decoder(list[_Times])


class Reader:
    """Reads messages; `planned`: times are `ts_exchange`, else `ts_receive`.

    `compressed`: its connections take compressed messages. Bounded: `KEPT_MAX` messages of
    `KEPT_BYTES_MAX`, `PIECES_MAX` pieces of `PIECE_FRAMES_MAX`, forgotten together.
    """

    def __init__(self, *, planned: bool, compressed: bool = False) -> None:
        self.compressed = compressed
        self._planned = planned
        self._kept: dict[bytes, Told] = {}
        self._pieces: dict[bytes, Piece] = {}
        self.untimed_total = 0

    def pieces(self, data: bytes) -> tuple[list[Piece], bytes]:
        """Return what is in `data`, which begins with a frame, and the beginning of the last."""
        found: list[Piece] = []
        start, end = 0, len(data)
        while start < end:
            head = data[start : start + HEAD_BYTES]
            piece = self._pieces.get(head)
            if piece is None or not data.startswith(piece.data, start):
                frames, stop = cut(data, start, PIECE_FRAMES_MAX, compressed=self.compressed)
                if not frames:
                    break
                piece = self._keep(head, Piece(data[start:stop], frames, self))
            found.append(piece)
            start += len(piece.data)
        return found, data[start:]

    def _keep(self, head: bytes, piece: Piece) -> Piece:
        if len(piece.data) <= KEPT_BYTES_MAX:
            if len(self._pieces) >= PIECES_MAX:
                self._pieces.clear()
            self._pieces[head] = piece
        return piece

    def read(self, payload: bytes) -> Told:
        """Return the message in `payload`.

        Raises:
            GatewayError: It is none (`protocol_error`).
        """
        told = self._kept.get(payload)
        if told is None:
            told = self._decode(payload)
            if len(payload) <= KEPT_BYTES_MAX:
                if len(self._kept) >= KEPT_MAX:
                    self._kept.clear()
                self._kept[payload] = told
        return told

    def _decode(self, payload: bytes) -> Told:
        try:
            told = _told.decode(payload)
            if told.type in TIMED:
                told.times_ns = self._times_of(_times.decode(told.data))
        except msgspec.DecodeError as error:
            text = f"a message of the gateway can't be read: {error}"
            raise GatewayError(text, code="protocol_error") from error
        told.data = msgspec.Raw(b"")
        told.key = told.channel, told.product_id
        return told

    def _times_of(self, events: list[_Times]) -> tuple[int, ...]:
        texts = [event.ts_exchange if self._planned else event.ts_receive for event in events]
        times = [None if text is None else parse_time_ns(text) for text in texts]
        known = tuple(time for time in times if time is not None)
        self.untimed_total += len(times) - len(known)
        return known
