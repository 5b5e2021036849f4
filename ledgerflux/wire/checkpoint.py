"""A checkpoint's bytes: cut into parts that fit a message, part 0 the one that commits.

Part 0 is one JSON line (`id`, `parts`, `size`) and the first piece; the others are the id
line and a piece. All parts carry the same id, so that a reader never mixes two checkpoints.
"""

import zlib

import msgspec

from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint

PART_BYTES_MAX = 4 * 1024 * 1024

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
    except msgspec.DecodeError as error:
        raise LogError(f"a checkpoint's part can't be read: {error}") from error


def decode(body: bytes) -> PartitionCheckpoint:
    """Return the checkpoint in `body`.

    Raises:
        LogError: The bytes are none.
    """
    try:
        return _decoder.decode(zlib.decompress(body))
    except (zlib.error, msgspec.DecodeError) as error:
        raise LogError(f"a checkpoint can't be read: {error}") from error
