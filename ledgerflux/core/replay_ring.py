"""The newest finished messages of all whole streams: who comes back gets the very same bytes.

Of each stream what is kept ends at its head and has no hole, so it is replayed from any message
on that is still here. Time is that of the log's records.
"""

from collections import OrderedDict
from typing import NamedTuple

from ledgerflux.core.frame import Frame, Whole
from ledgerflux.core.snapshot import Position
from ledgerflux.core.wish import Reason
from ledgerflux.model.units import NANOS_PER_S

BYTES_MAX = 8 * 1024 * 1024
STREAM_BYTES_MAX = 1024 * 1024
KEEP_NS = 60 * NANOS_PER_S


class _Kept(NamedTuple):
    frame: Frame
    at_ns: int
    begin_bytes: int


class _Track:
    """One stream: its messages by the seq that each of them continues."""

    __slots__ = ("end_bytes", "head", "kept", "size_bytes")

    def __init__(self, head: Position) -> None:
        self.head = head
        self.kept: OrderedDict[int, _Kept] = OrderedDict()
        self.size_bytes = 0
        self.end_bytes = 0


class ReplayRing:
    """Bounded by bytes, together and of each stream, and by age: the oldest go."""

    loss: tuple[str, Reason] = ("slow_consumer", "slow")
    """It goes faster than a client reads."""
    awaits = False
    """What is not here does not come."""

    def __init__(
        self,
        bytes_max: int = BYTES_MAX,
        stream_bytes_max: int = STREAM_BYTES_MAX,
        keep_ns: int = KEEP_NS,
    ) -> None:
        self.size_bytes = 0
        self._bytes_max = bytes_max
        self._stream_bytes_max = stream_bytes_max
        self._keep_ns = keep_ns
        self._tracks: dict[Whole, _Track] = {}
        self._order: OrderedDict[tuple[Whole, int], None] = OrderedDict()

    def begin(self, whole: Whole, position: Position) -> None:
        """Keep nothing of a stream from before `position`: it can be gone on from there."""
        self.forget(whole)
        self._tracks[whole] = _Track(position)

    def forget(self, whole: Whole) -> None:
        """Keep nothing of a stream: nobody can go on in it until it begins."""
        track = self._tracks.pop(whole, None)
        if track is not None:
            self.size_bytes -= track.size_bytes
            for seq in track.kept:
                del self._order[whole, seq]

    def clear(self) -> None:
        """Keep nothing at all."""
        self._tracks.clear()
        self._order.clear()
        self.size_bytes = 0

    def add(self, whole: Whole, frame: Frame, at_ns: int) -> None:
        """Keep the next message of a stream, of a record published `at_ns`."""
        before, size = frame.before, len(frame.payload)
        assert before is not None
        track = self._tracks.get(whole)
        if track is None or track.head != before:
            self.begin(whole, before)
            track = self._tracks[whole]
        track.kept[before.seq] = _Kept(frame, at_ns, track.end_bytes)
        self._order[whole, before.seq] = None
        track.head = frame.after
        track.end_bytes += size
        track.size_bytes += size
        self.size_bytes += size
        self._trim(whole, track, at_ns - self._keep_ns)

    def head(self, whole: Whole) -> Position | None:
        """Return where a stream stands, None where nobody can go on in it."""
        track = self._tracks.get(whole)
        return None if track is None else track.head

    def next(self, whole: Whole, position: Position) -> Frame | None:
        """Return the message that continues `position`; None at the head, or where it is gone."""
        track = self._tracks.get(whole)
        if track is None or track.head.epoch != position.epoch:
            return None
        kept = track.kept.get(position.seq)
        return None if kept is None else kept.frame

    def has(self, whole: Whole, frame: Frame) -> bool:
        """Say whether `frame` is kept."""
        return frame.before is not None and self.next(whole, frame.before) is frame

    def size_after(self, whole: Whole, position: Position) -> int | None:
        """Return the bytes from `position` to the head; None where they are not all here."""
        track = self._tracks.get(whole)
        if track is None or track.head.epoch != position.epoch:
            return None
        kept = track.kept.get(position.seq)
        if kept is not None:
            return track.end_bytes - kept.begin_bytes
        return 0 if position == track.head else None

    def _trim(self, whole: Whole, track: _Track, since_ns: int) -> None:
        while track.size_bytes > self._stream_bytes_max:
            self._drop(whole, next(iter(track.kept)))
        while self._order:
            oldest, seq = next(iter(self._order))
            young = self._tracks[oldest].kept[seq].at_ns >= since_ns
            if young and self.size_bytes <= self._bytes_max:
                return
            self._drop(oldest, seq)

    def _drop(self, whole: Whole, seq: int) -> None:
        """Let the oldest message of a stream go."""
        track = self._tracks[whole]
        size = len(track.kept.pop(seq).frame.payload)
        track.size_bytes -= size
        self.size_bytes -= size
        del self._order[whole, seq]
