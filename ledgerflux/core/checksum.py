"""The checksum of a book's best levels: a client proves its own book against it.

The rule is Kraken's (its WebSocket API v2, "book checksum"): the ten best asks, then the ten
best bids, each price and then size without point and leading zeros, as a CRC32.
"""

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

from ledgerflux.model.events import Level

LEVELS = 10
"""Of each side."""


def book_checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """Return the checksum of a book given its levels, best first, `LEVELS` or more of a side."""
    levels = [*asks[:LEVELS], *bids[:LEVELS]]
    return crc32("".join([_digits(level) for level in levels]).encode())


@lru_cache(maxsize=16_384)
def _digits(level: Level) -> str:
    price, size = level
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
