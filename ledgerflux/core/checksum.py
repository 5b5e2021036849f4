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
_KEPT = 256
"""Levels remembered: a change is asked for by every view of its book, one soon after the other."""


def book_checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """Return the checksum of a book given its levels, best first, `LEVELS` or more of a side."""
    return digits_checksum(*("".join(map(level_digits, side[:LEVELS])) for side in (bids, asks)))


def digits_checksum(bids: str, asks: str) -> int:
    """Return the checksum of a book given the `level_digits` of its sides, each best first."""
    return crc32((asks + bids).encode())


@lru_cache(maxsize=_KEPT)
def level_digits(level: Level) -> str:
    """Return what a level adds to the checksum."""
    price, size = level
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
