"""Books over HTTP: the best levels of each side, made once for the position they stand at."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ledgerflux.core import terms
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position, Standing

DEPTHS: dict[str, int | None] = {
    str(depth): None if depth == "full" else depth for depth in terms.DEPTHS
}
"""How many levels of a side may be asked for, by their names; None: all."""
KEPT_BYTES_MAX = 16 * 1024 * 1024


class BookCut(NamedTuple):
    """One book at `position`, `depth` levels of a side by its name; sides are JSON arrays."""

    stream: ProductStream
    position: Position
    standing: Standing
    depth: str
    bids: bytes
    asks: bytes


class _Kept(NamedTuple):
    stream: ProductStream
    position: Position
    state: str
    document: bytes


class BookDesk:
    """Keeps the newest document of each product and depth; the one longest unasked for goes.

    `make` writes a document.
    """

    def __init__(
        self, make: Callable[[BookCut], bytes], kept_bytes_max: int = KEPT_BYTES_MAX
    ) -> None:
        self.kept_bytes = 0
        self._make = make
        self._kept_bytes_max = kept_bytes_max
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def document(self, stream: ProductStream, depth: str) -> bytes:
        """Return the book of `stream` as it stands, cut to a depth of `DEPTHS`."""
        key = stream.product, depth
        now = stream, stream.position("level2"), stream.state
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.kept_bytes -= len(kept.document)
        if kept is None or kept[:3] != now:
            kept = _Kept(*now, self._make(cut(stream, depth)))
        self._keep(key, kept)
        return kept.document

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        self._kept[key] = kept
        self.kept_bytes += len(kept.document)
        while self.kept_bytes > self._kept_bytes_max:
            _, oldest = self._kept.popitem(last=False)
            self.kept_bytes -= len(oldest.document)


def cut(stream: ProductStream, depth: str) -> BookCut:
    """Return the book of `stream` as it stands; `full` shares what subscribers are sent."""
    levels = DEPTHS[depth]
    if levels is None:
        snapshot = stream.snapshot()
        bids, asks = snapshot.sides()
        return BookCut(stream, snapshot.position, snapshot.standing, depth, bids, asks)
    encode = msgspec.json.encode
    bids, asks = encode(stream.book.bids(levels)), encode(stream.book.asks(levels))
    return BookCut(stream, stream.position("level2"), stream.standing(), depth, bids, asks)
