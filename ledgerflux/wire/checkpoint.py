"""A checkpoint's bytes: cut into parts that fit a message, part 0 the one that commits.

A part is one JSON line (`id`, `part`, `parts`) and a piece. All parts of a checkpoint carry
its id, so that a reader never mixes two.
"""

import zlib

import msgspec

from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.wire.record import expand

PART_BYTES_MAX = 4 * 1024 * 1024
EXPANDED_BYTES_MAX = 512 * 1024 * 1024
"""Some ten million levels."""
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PartitionCheckpoint)


class PartHead(msgspec.Struct, frozen=True):
    """First line of each part."""

    id: str
    part: int
    parts: int


_head_decoder = msgspec.json.Decoder(PartHead)


def encode(saved: PartitionCheckpoint) -> bytes:
    """Return the compressed bytes of `saved`; the slow part, fit for another thread."""
    return zlib.compress(_encoder.encode(saved), 1)


def split(body: bytes, identity: str) -> list[bytes]:
    """Return the messages of a checkpoint, in the order of their part numbers."""
    pieces = [body[at : at + PART_BYTES_MAX] for at in range(0, len(body), PART_BYTES_MAX)]
    return [
        _encoder.encode(PartHead(identity, part, len(pieces))) + b"\n" + piece
        for part, piece in enumerate(pieces)
    ]


def head(message: bytes) -> tuple[PartHead, bytes]:
    """Return head and piece of one part.

    Raises:
        LogError: The message is no part of a checkpoint.
    """
    line, _, piece = message.partition(b"\n")
    try:
        return _head_decoder.decode(line), piece
    except _UNREADABLE as error:
        raise LogError(f"a checkpoint's part can't be read: {error}") from error


def decode(body: bytes) -> PartitionCheckpoint:
    """Return the checkpoint in `body`.

    Raises:
        LogError: The bytes are none.
    """
    expanded = expand(body, EXPANDED_BYTES_MAX)
    try:
        return _decoder.decode(expanded)
    except _UNREADABLE as error:
        raise LogError(f"a checkpoint can't be read: {error}") from error
