"""Compressed messages of a server as they were: RFC 7692 with and without context, pure."""

import zlib

from ledgerflux.wire.socket_frames import COMPRESSED_TEXT, cut

OFFER = "permessage-deflate"
NO_CONTEXT = "server_no_context_takeover"
KEPT_MAX = 4096
"""Messages remembered, the same for many clients; then all are forgotten."""
_TAIL = b"\x00\x00\xff\xff"


class Shared:
    """What messages were that need no context; bounded by `KEPT_MAX`."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def text(self, payload: bytes) -> bytes:
        """Return a compressed message as it was."""
        text = self._kept.get(payload)
        if text is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            text = self._kept[payload] = _fresh().decompress(payload + _TAIL)
        return text


class Inflater:
    """The text in what one client is sent, wherever it is cut."""

    __slots__ = ("_context", "_rest", "_shared")

    def __init__(self, shared: Shared, *, context: bool) -> None:
        self._shared = shared
        self._context = _fresh() if context else None
        self._rest = b""

    def take(self, data: bytes) -> bytes:
        """Return the text messages that end in the next bytes, one after the other."""
        whole = self._rest + data
        frames, end = cut(whole, 0, len(whole))
        self._rest = whole[end:]
        return b"".join(self._text(frame, is_text) for frame, is_text in frames)

    def _text(self, frame: bytes, is_text: bool) -> bytes:
        if is_text:
            return frame
        if frame[0] != COMPRESSED_TEXT:
            return b""
        payload = memoryview(frame)[_head_bytes(frame) :]
        if self._context is None:
            return self._shared.text(bytes(payload))
        return self._context.decompress(bytes(payload) + _TAIL)


def inflater_of(answer: bytes, shared: Shared) -> Inflater | None:
    """Return what reads a client's messages by the server's handshake, None if uncompressed."""
    lines = answer.decode("latin-1").lower().split("\r\n")
    taken = [line for line in lines if line.startswith("sec-websocket-extensions:")]
    if not any(OFFER in line for line in taken):
        return None
    return Inflater(shared, context=not any(NO_CONTEXT in line for line in taken))


def _head_bytes(frame: bytes) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)


def _fresh() -> "zlib._Decompress":
    return zlib.decompressobj(-zlib.MAX_WBITS)
