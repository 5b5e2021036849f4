"""Compression that clients share (RFC 7692): what is written to many is compressed once.

A compressed message is the same for every connection that gets it: it repeats nothing of those
before it, or only what all of them were sent (`ws_lanes`). So there is no compressor of a
connection's own; the library's is never asked to send.
"""

import zlib
from collections.abc import Callable, Sequence

from websockets.asyncio.connection import Connection
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.typing import ExtensionParameter

from ledgerflux.adapters.ws_frames import COMPRESSED_TEXT, frame_head
from ledgerflux.adapters.ws_lanes import Compressor, Lanes, Window
from ledgerflux.ports import Batch, Pack

WINDOW_BITS = 12
"""A client must be able to look back 4 KiB: more than a batch of small messages needs."""
LEVEL = 1
MEMORY_LEVEL = 5
COMPRESSED_BYTES_MIN = 128
"""A shorter text goes as it is: hardly shorter when compressed, and cheaper to read."""
KEPT_BYTES_MIN = 8 * 1024
KEPT_MAX = 64
"""Long messages, such as parts of snapshots, whose frames are kept; then all are forgotten."""
NO_CONTEXT = "server_no_context_takeover"
_TAIL = b"\x00\x00\xff\xff"


class Remembered(PerMessageDeflate):
    """Of a client that keeps what it was sent, so that it need not be sent again."""


class SharedDeflate(ServerPerMessageDeflateFactory):
    """Accepts the extension for the clients of a listener, and makes their frames.

    Bounded: `KEPT_MAX` frames of long messages, which clients are sent one after the other.
    """

    def __init__(self, pack: Pack) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)
        self._pack = pack
        self._kept: dict[bytes, bytes] = {}
        self._lanes = Lanes(self._in_lane, _fresh)

    def process_request_params(
        self,
        params: Sequence[ExtensionParameter],
        accepted_extensions: Sequence[Extension],
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Answer an offer; see `websockets.extensions.ServerExtensionFactory`.

        Raises:
            NegotiationError: Frames that others get too would be too much for this client.
        """
        answer, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError(f"server_max_window_bits below {WINDOW_BITS}")
        if (NO_CONTEXT, None) in params:
            return answer, extension
        answer = [parameter for parameter in answer if parameter != (NO_CONTEXT, None)]
        return answer, Remembered(
            extension.remote_no_context_takeover,
            extension.local_no_context_takeover,
            extension.remote_max_window_bits,
            extension.local_max_window_bits,
        )

    def maker(self, connection: Connection) -> Callable[[Batch], bytes]:
        """Return what makes the frames of a client that took the extension."""
        if any(isinstance(item, Remembered) for item in connection.protocol.extensions):
            return Window(self._lanes, self.frames).frames
        return self._alone

    def _alone(self, batch: Batch) -> bytes:
        return batch.made(self.frames)

    def _in_lane(self, messages: Sequence[bytes], compressor: Compressor) -> bytes:
        frames: list[bytes] = []
        for text, may_compress in self._pack(messages):
            if not may_compress or len(text) < COMPRESSED_BYTES_MIN:
                frames.append(frame_head(len(text)) + text)
            else:
                frames.append(_compressed_by(compressor, text))
        return b"".join(frames)

    def frames(self, messages: Sequence[bytes]) -> bytes:
        """Return `messages` as frames, in one piece, for every client, whatever it was sent."""
        frames: list[bytes] = []
        for text, may_compress in self._pack(messages):
            if not may_compress or len(text) < COMPRESSED_BYTES_MIN:
                frames.append(frame_head(len(text)) + text)
            elif len(text) >= KEPT_BYTES_MIN and any(text is message for message in messages):
                frames.append(self._kept_frame(text))
            else:
                frames.append(_compressed(text))
        return b"".join(frames)

    def _kept_frame(self, text: bytes) -> bytes:
        frame = self._kept.get(text)
        if frame is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            frame = self._kept[text] = _compressed(text)
        return frame


def takes_compressed(connection: Connection) -> bool:
    """Say whether the extension was accepted for a connection."""
    return any(isinstance(item, PerMessageDeflate) for item in connection.protocol.extensions)


def _compressed(text: bytes) -> bytes:
    return _compressed_by(_fresh(LEVEL), text)


def _fresh(level: int) -> Compressor:
    return zlib.compressobj(level, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)


def _compressed_by(compressor: Compressor, text: bytes) -> bytes:
    data = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
    payload = data.removesuffix(_TAIL)
    return frame_head(len(payload), COMPRESSED_TEXT) + payload
