"""What a client of the contest was sent, looked at after the round: pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ledgerflux.model.units import parse_time_ns

MARKER = b'"type":"update"'
"""Once in every message, and in nothing else."""
_MESSAGE = re.compile(
    rb'"type":"update","venue":"[^"]*","product_id":"([^"]*)","epoch":"[^"]*",'
    rb'"prev_seq":(\d+),"seq":(\d+),"ts_publish":"([^"]*)"'
)

Piece = tuple[int, bytes]
"""When it came (ns since 1970), and the bytes."""


class Sample(NamedTuple):
    """Messages read in full: `broken` do not continue their product's; latencies in ms."""

    messages: int
    broken: int
    latencies_ms: list[float]


class Counter:
    """Counts the markers in what comes, wherever it is cut."""

    __slots__ = ("_tail", "count")

    def __init__(self) -> None:
        self.count = 0
        self._tail = b""

    def take(self, data: bytes) -> int:
        """Take the next bytes; return how many markers end in them."""
        whole = self._tail + data
        found = whole.count(MARKER)
        self.count += found
        self._tail = whole[1 - len(MARKER) :]
        return found


def examine(pieces: Sequence[Piece]) -> Sample:
    """Return what one client's pieces hold: each `prev_seq` must be the `seq` before."""
    data = b"".join(piece for _, piece in pieces)
    ends = list(accumulate(len(piece) for _, piece in pieces))
    seqs: dict[bytes, int] = {}
    messages = broken = 0
    latencies: list[float] = []
    for found in _MESSAGE.finditer(data):
        product, prev_seq, seq, text = found.groups()
        messages += 1
        broken += seqs.get(product, int(prev_seq)) != int(prev_seq)
        seqs[product] = int(seq)
        sent_ns = parse_time_ns(text.decode())
        if sent_ns is not None:
            came_ns = pieces[bisect_right(ends, found.end() - 1)][0]
            latencies.append((came_ns - sent_ns) / 1e6)
    return Sample(messages, broken, latencies)
