"""The checksum of a book's best levels: a client proves its own book against it.

The rule is Kraken's (its WebSocket API v2, "book checksum"): the ten best asks, then the ten
best bids, each price and then size without point and leading zeros, as a CRC32.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

from ledgerflux.model.events import Level

LEVELS = 10
"""Of each side."""


def book_checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """Return the checksum of a book given its levels, best first, `LEVELS` or more of a side."""
    return digits_checksum(level_digits(bids[:LEVELS]), level_digits(asks[:LEVELS]))


def digits_checksum(bids: str, asks: str) -> int:
    """Return the checksum of a book given the `level_digits` of its sides."""
    return crc32((asks + bids).encode())


def level_digits(levels: Iterable[Level]) -> str:
    """Return what these levels of a side add to the checksum, best first."""
    return "".join([_digits(level) for level in levels])


@lru_cache(maxsize=16_384)
def _digits(level: Level) -> str:
    price, size = level
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
