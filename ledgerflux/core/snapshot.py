"""One product's book as it stood at one seq, cut into parts that are sent one by one."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ledgerflux.core.checksum import book_checksum
from ledgerflux.core.terms import Depth
from ledgerflux.model.events import Level

LEVELS_PER_PART = 2000
"""A level is at most 107 bytes of JSON (two decimals of 24 and 24 digits): a part stays
below 256 KiB whatever the book holds, and is about 50 KiB of an ordinary one."""


class Position(NamedTuple):
    """Where a stream stands: the `seq` of its last event within `epoch`."""

    epoch: str
    seq: int


START = Position("", 0)
"""Before anything: no epoch has begun."""


class Standing(NamedTuple):
    """What a snapshot says of its book besides the levels; times as in messages."""

    state: str
    integrity: str
    integrity_rule: str
    ts_exchange: str | None
    ts_receive: str | None
    publish_ns: int


class Snapshot:
    """The book of `product` at `position`, `depth` levels of each side; shared by its clients.

    The JSON of a part's levels is made when it is first asked for, and kept.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_texts",
        "checksum",
        "depth",
        "parts",
        "position",
        "product",
        "standing",
        "venue",
    )

    def __init__(
        self,
        venue: str,
        product: str,
        position: Position,
        standing: Standing,
        bids: Sequence[Level],
        asks: Sequence[Level],
        depth: Depth = "full",
    ) -> None:
        self.venue = venue
        self.product = product
        self.position = position
        self.standing = standing
        self.depth: Depth = depth
        self.checksum = book_checksum(bids, asks)
        self._bids = bids
        self._asks = asks
        self.parts = max(1, -(-(len(bids) + len(asks)) // LEVELS_PER_PART))
        self._texts: dict[int, tuple[bytes, bytes]] = {}

    def levels(self, part: int) -> tuple[bytes, bytes]:
        """Return the JSON arrays of bids and of asks in `part` (from 1), best first.

        Each part holds the same share of both sides, so that the first holds both tops.
        """
        texts = self._texts.get(part)
        if texts is None:
            texts = (_encode(self._share(self._bids, part)), _encode(self._share(self._asks, part)))
            self._texts[part] = texts
        return texts

    def sides(self) -> tuple[bytes, bytes]:
        """Return the JSON arrays of all bids and of all asks, best first."""
        parts = [self.levels(part) for part in range(1, self.parts + 1)]
        return _joined([bids for bids, _ in parts]), _joined([asks for _, asks in parts])

    def _share(self, side: Sequence[Level], part: int) -> Sequence[Level]:
        size = len(side)
        return side[(part - 1) * size // self.parts : part * size // self.parts]


def _encode(levels: Sequence[Level]) -> bytes:
    return msgspec.json.encode(levels)


def _joined(arrays: Sequence[bytes]) -> bytes:
    """Return JSON arrays as one."""
    return b"[%b]" % b",".join(array[1:-1] for array in arrays if array != b"[]")
