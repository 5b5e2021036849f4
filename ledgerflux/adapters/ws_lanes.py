"""One compressor for all who are told the same (RFC 7692 section 7.2.1): a history they share.

What a compressor repeats must be what each client was sent. A lane is who is told the same, batch
after batch; its compressor begins anew for whoever joins, so that it looks back at nothing that
one of them was not sent. Who was sent anything else in between gets the batch without history.
"""

from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from ledgerflux.ports import Batch

LANES_MAX = 256
"""Compressors of 32 KiB; who is told more different things than that is sent no history."""
LEVEL = 4


class Compressor(Protocol):
    """One of zlib's."""

    def compress(self, data: bytes, /) -> bytes:
        """Take data; return what is made of them so far."""
        ...

    def flush(self, mode: int, /) -> bytes:
        """Return the rest."""
        ...


Pack = Callable[[Sequence[bytes], Compressor], bytes]
"""Makes frames of messages with a compressor."""


class Lane:
    """The compressor of a lane; `number` counts its batches in an `era`, which begins without any.

    `anew`: the next batch begins an era.
    """

    __slots__ = ("_compressor", "_fresh", "_pack", "anew", "era", "number")

    def __init__(self, pack: Pack, fresh: Callable[[int], Compressor]) -> None:
        self.anew = True
        self.era = 0
        self.number = 0
        self._pack = pack
        self._fresh = fresh
        self._compressor = fresh(LEVEL)

    def frames(self, messages: Sequence[bytes]) -> bytes:
        """Return the next batch as frames, in one piece."""
        self.number += 1
        if self.anew:
            self.anew = False
            self.era += 1
            self.number = 0
            self._compressor = self._fresh(LEVEL)
        return self._pack(messages, self._compressor)


class Lanes:
    """The lanes of a listener, by who is told; bounded by `LANES_MAX`."""

    def __init__(self, pack: Pack, fresh: Callable[[int], Compressor]) -> None:
        self._pack = pack
        self._fresh = fresh
        self._lanes: WeakKeyDictionary[object, Lane] = WeakKeyDictionary()

    def of(self, batch: Batch) -> Lane | None:
        """Return the lane of a batch; None where one client alone is told, or there is no room."""
        if batch.told is None:
            return None
        lane = self._lanes.get(batch.told)
        if lane is None and len(self._lanes) < LANES_MAX:
            lane = self._lanes[batch.told] = Lane(self._pack, self._fresh)
        return lane


class Window:
    """What one client was sent last: a batch of a lane, or anything else."""

    __slots__ = ("_alone", "_era", "_lane", "_lanes", "_number")

    def __init__(self, lanes: Lanes, alone: Callable[[Sequence[bytes]], bytes]) -> None:
        self._lanes = lanes
        self._alone = alone
        self._lane: Lane | None = None
        self._era = self._number = 0

    def frames(self, batch: Batch) -> bytes:
        """Return a batch as frames that this client can read; they must be its next ones."""
        lane = self._lanes.of(batch)
        if lane is not None:
            data = batch.made(lane.frames)
            follows = self._lane is lane and self._era == lane.era
            if lane.number == 0 or (follows and self._number == lane.number - 1):
                self._lane, self._era, self._number = lane, lane.era, lane.number
                return data
            lane.anew = True
        self._lane = None
        return batch.made(self._alone)
