"""One message of a partition: a fixed prefix and a body.

Prefix, 52 bytes, big-endian::

    version u8 | kind u8 | flags u16 | items u32 | number u64 | term u64 |
    publish_ns i64 | a u64 | b u64 | crc u32

`number` is the partition number: gapless, from 1; only an unsettled MARKER has none (0).
`crc` chains: CRC-32 of prefix and stored body, started with the previous record's crc.
A NORM record covers the RAW numbers (a, b]; a RAW record has 0 there. Bodies of 64 KiB and
more are compressed (flag 1, zlib).
"""

import struct
import zlib
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple
from zlib import crc32

from ledgerflux.errors import LogError

VERSION = 1
FLAG_ZLIB = 1
COMPRESS_FROM_BYTES = 64 * 1024
RECORD_BYTES_MAX = 256 * 1024
"""A record closes here; a single larger frame stands alone."""
EXPANDED_BYTES_MAX = 64 * 1024 * 1024

_HEAD = struct.Struct(">BBHIQQqQQ")
_CRC = struct.Struct(">I")
_FRAME = struct.Struct(">Iq")
_FRAME_BYTES = _FRAME.size
# Looked up once: this is done for every frame, or every record.
_unpack_frame = _FRAME.unpack_from
_pack_head = _HEAD.pack
_pack_crc = _CRC.pack
PREFIX_BYTES = _HEAD.size + _CRC.size
_unpack_prefix = struct.Struct(">BBHIQQqQQI").unpack_from
# Makes a NamedTuple in half the time of calling it.
_new = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


class Kind(IntEnum):
    """What a record's body is."""

    FRAMES = 1
    """RAW: frames of one connection, each with its receive time."""
    SESSION = 2
    """RAW: a connection began or ended (JSON, `wire.session`)."""
    GAP = 3
    """RAW: frames were read and lost, or may have been (JSON, `wire.session`)."""
    EVENTS = 4
    """NORM: what was made of the RAW records (a, b] (`wire.norm`)."""
    MARKER = 5
    """A writer claims the partition: unconditional, without a number."""
    TERM = 6
    """The claim is settled: the first record of the writer's term."""


_KINDS = {int(kind): kind for kind in Kind}


class Record(NamedTuple):
    """One decoded record; `body` is expanded."""

    kind: Kind
    items: int
    number: int
    term: int
    publish_ns: int
    a: int
    b: int
    crc: int
    body: bytes
    sequence: int = 0
    """Where the record stands in its stream; 0 where nobody said."""


class Draft(NamedTuple):
    """What a writer wants to append; number, term and crc come with the append."""

    kind: Kind
    items: int
    body: bytes
    a: int = 0
    b: int = 0
    compressed: bool = False


def draft(kind: Kind, items: int, body: bytes, *, a: int = 0, b: int = 0) -> Draft:
    """Return a draft, its body compressed where that pays."""
    if len(body) < COMPRESS_FROM_BYTES:
        return _new(Draft, (kind, items, body, a, b, False))
    return Draft(kind, items, zlib.compress(body, 1), a, b, compressed=True)


def encode(
    item: Draft, *, number: int, term: int, publish_ns: int, previous_crc: int
) -> tuple[bytes, int]:
    """Return the message bytes of `item` and its crc."""
    kind, items, body, a, b, compressed = item
    flags = FLAG_ZLIB if compressed else 0
    head = _pack_head(VERSION, kind, flags, items, number, term, publish_ns, a, b)
    crc = crc32(body, crc32(head, previous_crc))
    return b"".join((head, _pack_crc(crc), body)), crc


def decode(payload: bytes, sequence: int = 0) -> Record:
    """Return the record in `payload`, which stands at `sequence` in its stream.

    Raises:
        LogError: Not a record of this version, or its body does not expand.
    """
    if len(payload) < PREFIX_BYTES or payload[0] != VERSION:
        raise LogError(f"not a record of version {VERSION}: {payload[:16].hex()}")
    _, kind, flags, items, number, term, publish_ns, a, b, crc = _unpack_prefix(payload)
    body = payload[PREFIX_BYTES:]
    if flags & FLAG_ZLIB:
        body = expand(body)
    known = _KINDS.get(kind)
    if known is None:
        raise LogError(f"record {number} has an unknown kind {kind}")
    fields = (known, items, number, term, publish_ns, a, b, crc, body, sequence)
    return _new(Record, fields)


def chained_crc(payload: bytes, previous_crc: int) -> int:
    """Return what the crc of `payload` must be after a record with `previous_crc`."""
    head_crc = crc32(payload[: _HEAD.size], previous_crc)
    return crc32(memoryview(payload)[PREFIX_BYTES:], head_crc)


def expand(body: bytes, bytes_max: int = EXPANDED_BYTES_MAX) -> bytes:
    """Return what zlib made `body` from.

    Raises:
        LogError: It is no zlib stream, cut short, followed by more, or expands to more
            than `bytes_max`.
    """
    expander = zlib.decompressobj()
    try:
        expanded = expander.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise LogError(f"a body does not expand: {error}") from error
    if len(expanded) > bytes_max:
        raise LogError(f"a body expands to more than {bytes_max} bytes")
    if not expander.eof or expander.unused_data:
        raise LogError("a body is cut short, or more follows it")
    return expanded


def pack_frames(frames: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the body of a FRAMES record from (receive_ns, frame) pairs."""
    parts: list[bytes] = []
    for receive_ns, frame in frames:
        parts.append(_FRAME.pack(len(frame), receive_ns))
        parts.append(frame)
    return b"".join(parts)


def unpack_frames(body: bytes) -> list[tuple[int, bytes]]:
    """Return the (receive_ns, frame) pairs of a FRAMES body.

    Raises:
        LogError: The body is cut short.
    """
    found: list[tuple[int, bytes]] = []
    place, end = 0, len(body)
    try:
        while place < end:
            length, receive_ns = _unpack_frame(body, place)
            start = place + _FRAME_BYTES
            place = start + length
            found.append((receive_ns, body[start:place]))
    except struct.error as error:
        raise LogError("a frames record is cut short") from error
    if place != end:
        raise LogError("a frames record is cut short")
    return found
