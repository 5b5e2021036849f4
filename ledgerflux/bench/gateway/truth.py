"""What was written, as it can be told of any message: pure.

Made anew from what the feed writes, with nothing that the gateway uses: each update sets the same
levels, so a book at a seq follows from the seq alone.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from ledgerflux.bench.gateway.messages import FIRST_SEQ, LEVELS, PRODUCTS, changed, size_of

CHECKED = 10
"""Levels of each side that the checksum is of."""
FIRST_SIZE = "0.51230000"
Side = tuple[tuple[str, str], ...]
"""Price and size of each level, best first."""


class _Event(msgspec.Struct):
    seq: int
    changes: list[tuple[str, str, str]]


class _Message(msgspec.Struct):
    type: str = ""
    product_id: str = ""
    prev_seq: int | None = None
    seq: int = 0
    checksum: int = 0
    data: list[_Event] = []
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    part: int = 1
    parts: int = 1


class _Other(msgspec.Struct):
    type: str = ""


class Truth:
    """Judges messages, each once: `wrong` are unlike what was written, or have its checksum not.

    `changes` is how many levels an update sets.
    """

    def __init__(self, changes: int) -> None:
        self.judged = 0
        self.wrong = 0
        self._changes = changes
        self._kind = msgspec.json.Decoder(_Other)
        self._message = msgspec.json.Decoder(_Message)

    def judge(self, text: bytes) -> None:
        """Judge a message, if it holds an update or a book."""
        kind = self._kind.decode(text).type
        if kind not in ("update", "snapshot"):
            return
        message = self._message.decode(text)
        right = self._update(message) if kind == "update" else self._book(message)
        self.judged += 1
        self.wrong += not (right and message.checksum == self._checksum(message))

    def _update(self, message: _Message) -> bool:
        before = message.seq - 1 if message.prev_seq is None else message.prev_seq
        product = PRODUCTS.index(message.product_id)
        seqs = range(before + 1, message.seq + 1)
        return [(event.seq, event.changes) for event in message.data] == [
            (seq, changed(product, seq, self._changes)) for seq in seqs
        ]

    def _book(self, message: _Message) -> bool:
        bids, asks = sides(PRODUCTS.index(message.product_id), message.seq, self._changes)
        if message.parts == 1:
            return (tuple(message.bids), tuple(message.asks)) == (bids, asks)
        return set(message.bids) <= set(bids) and set(message.asks) <= set(asks)

    def _checksum(self, message: _Message) -> int:
        return checksum(PRODUCTS.index(message.product_id), message.seq, self._changes)


def sides(product: int, seq: int, changes: int) -> tuple[Side, Side]:
    """Return bids and asks of the product at this place after `seq`."""
    return _side(product, seq, changes, 0, LEVELS), _side(product, seq, changes, 1, LEVELS)


def _side(product: int, seq: int, changes: int, asks: int, count: int) -> Side:
    return tuple(
        (
            f"{60_001 + level}.75" if asks else f"{60_000 - level}.25",
            size_of(product, seq, place)
            if (place := 2 * level + asks) < changes and seq > FIRST_SEQ
            else FIRST_SIZE,
        )
        for level in range(count)
    )


@lru_cache(maxsize=4096)
def checksum(product: int, seq: int, changes: int) -> int:
    """Return the checksum of that book as the protocol describes it."""
    asks = _side(product, seq, changes, 1, CHECKED)
    bids = _side(product, seq, changes, 0, CHECKED)
    return zlib.crc32("".join(_digits(level) for level in (*asks, *bids)).encode())


def _digits(level: Sequence[str]) -> str:
    return "".join(text.replace(".", "").lstrip("0") for text in level)
