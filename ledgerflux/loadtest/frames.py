"""WebSocket frames cut out of what a server sent: plain text messages, and everything else.

A server does not mask (RFC 6455 section 5.1), so an unfragmented text message is its bytes.
Any other frame is for the library that opened the connection.
"""

TEXT = 0x81
"""First byte of a whole text message without extensions."""
MASKED = 0x80
SIZE_2 = 126
"""This length means: it stands in the next two bytes; one more: in the next eight."""
BYTES_MAX = 64 * 1024 * 1024

Frame = tuple[bytes, bool]
"""The payload of a plain text message and True; or a whole frame and False."""


def cut(data: bytes, start: int, frames_max: int) -> tuple[list[Frame], int]:
    """Return up to `frames_max` frames from `start`, where one begins, and where they end.

    The beginning of a frame is left. A frame that a server may not send, or that is too large
    to wait for, is handed on with everything that follows.
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
            if length > BYTES_MAX:
                return [*frames, (data[start:], False)], end
        stop = body + length
        if stop > end:
            break
        plain = data[start] == TEXT
        frames.append((data[body:stop], True) if plain else (data[start:stop], False))
        start = stop
    return frames, start
