"""WebSocket frames cut out of what a server sent: whole text messages, and everything else.

A server does not mask (RFC 6455 section 5.1), so an unfragmented text message is its bytes,
or what is left of them when they are compressed. Any other frame is for the library that
opened the connection.
"""

import zlib

TEXT = 0x81
"""First byte of a whole text message without extensions."""
COMPRESSED_TEXT = 0xC1
"""The same, compressed (RFC 7692 section 6)."""
MASKED = 0x80
SIZE_2 = 126
"""This length means: it stands in the next two bytes; one more: in the next eight."""
BYTES_MAX = 64 * 1024 * 1024

_TAIL = b"\x00\x00\xff\xff"

Frame = tuple[bytes, bool]
"""The payload of a text message and True; or a whole frame and False."""


def inflated(payload: bytes) -> bytes | None:
    """Return a compressed message as it was, None where it can't be read or is too long.

    It needs nothing of those before it: a gateway compresses without context takeover.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = inflater.decompress(payload + _TAIL, BYTES_MAX)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail else text


def cut(
    data: bytes,
    start: int,
    frames_max: int,
    *,
    compressed: bool = False,
    bytes_max: int = BYTES_MAX,
) -> tuple[list[Frame], int]:
    """Return up to `frames_max` frames from `start`, where one begins, and where they end.

    `compressed`: text messages may be. The beginning of a frame is left. A frame that a server
    may not send, or that is too large to wait for, is handed on with everything that follows.
    """
    frames: list[Frame] = []
    end = len(data)
    while end - start >= 2 and len(frames) < frames_max:
        length, body = data[start + 1], start + 2
        if length >= MASKED:
            return [*frames, (data[start:], False)], end
        if length >= SIZE_2:
            body += 2 if length == SIZE_2 else 8
            if body > end:
                break
            length = int.from_bytes(data[start + 2 : body], "big")
            if length > bytes_max:
                return [*frames, (data[start:], False)], end
        stop = body + length
        if stop > end:
            break
        text = data[body:stop] if data[start] == TEXT else None
        if compressed and data[start] == COMPRESSED_TEXT:
            text = inflated(data[body:stop])
        frames.append((data[start:stop], False) if text is None else (text, True))
        start = stop
    return frames, start
