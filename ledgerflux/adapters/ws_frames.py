"""The bytes of WebSocket text messages from a server (RFC 6455 section 5.2): whole, unmasked."""

from collections.abc import Sequence

from ledgerflux.ports import Batch

TEXT = 0x81
"""First byte of a whole text message."""
COMPRESSED_TEXT = 0xC1
"""The same with RSV1: its payload is compressed (RFC 7692 section 6)."""


def frame_head(size: int, first: int = TEXT) -> bytes:
    """Return what comes before `size` bytes of payload."""
    if size < 126:
        return bytes((first, size))
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")


def plain(batch: Batch) -> bytes:
    """Return a batch as frames, in one piece, as everybody can read them."""
    data = batch.kept.get(plain)
    if data is None:
        data = batch.kept[plain] = joined(batch.messages)
    return data


def joined(messages: Sequence[bytes]) -> bytes:
    """Return the messages as frames, in one piece."""
    frames: list[bytes] = []
    for payload in messages:
        size = len(payload)
        frames.append(_HEADS[size] if size < len(_HEADS) else frame_head(size))
        frames.append(payload)
    return b"".join(frames)


_HEADS = tuple(map(frame_head, range(2048)))
"""Those of the frames that come most."""
