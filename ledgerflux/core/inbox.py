"""What a partition's socket brought and the log has not taken yet."""

from collections import deque
from typing import NamedTuple

RECORD_BYTES_MAX = 256 * 1024
FRAME_COST_BYTES = 128
"""What a waiting frame costs beside its own bytes: a flood of tiny ones is bounded too."""


class Frames(NamedTuple):
    """Consecutive frames of one connection, (receive_ns, bytes) each: one record."""

    frames: list[tuple[int, bytes]]


class Lost(NamedTuple):
    """Frames that found no room: how many, and when the first and last came."""

    frames: int
    from_ns: int
    to_ns: int


class Note(NamedTuple):
    """A session note, already encoded, in its place among the frames."""

    kind: int
    body: bytes


class InboxStatistics(NamedTuple):
    """What waits (bytes with the cost of each frame), and what was lost since the start."""

    frames: int
    bytes: int
    bytes_peak: int
    lost_total: int


class Room:
    """The bytes that all inboxes of a process may hold together.

    Full at `bytes_max`, and then until half of it is free again: an outage that outlasts the
    room costs one hole, not one at every record that finds its way out.
    """

    __slots__ = ("_bytes_max", "bytes", "full")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.bytes = 0
        self.full = False

    def take(self, size: int) -> None:
        """Use `size` bytes."""
        self.bytes += size
        self.full = self.full or self.bytes >= self._bytes_max

    def give_back(self, size: int) -> None:
        """Free `size` bytes."""
        self.bytes -= size
        self.full = self.full and self.bytes > self._bytes_max // 2


class Inbox:
    """A queue of frames and notes, in order, bounded by the `room` it shares with others.

    While the room is full, the cost of each frame included, frames are refused and counted;
    the first take after that hands out the loss in its place, so that what was lost is
    declared, never silent. Notes are always taken: they are few and small.

    `crowded_bytes` is its own share of the room: with more, its socket should not be read
    for a while.
    """

    def __init__(self, room: Room, *, crowded_bytes: int) -> None:
        self._room = room
        self._crowded_bytes = crowded_bytes
        self._items: deque[tuple[int, bytes] | Lost | Note] = deque()
        self._frames = 0
        self._bytes = 0
        self._bytes_peak = 0
        self._lost_total = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    @property
    def crowded(self) -> bool:
        """Say whether more than its share waits."""
        return self._bytes >= self._crowded_bytes

    @property
    def full(self) -> bool:
        """Say whether the next frame would be refused."""
        return self._room.full

    def put(self, receive_ns: int, frame: bytes) -> bool:
        """Add a frame; return False where it was refused and counted as lost."""
        if self.full:
            self._lose(receive_ns)
            return False
        self._items.append((receive_ns, frame))
        self._frames += 1
        self._take(len(frame) + FRAME_COST_BYTES)
        return True

    def note(self, kind: int, body: bytes) -> None:
        """Add a note."""
        self._items.append(Note(kind, body))
        self._take(len(body) + FRAME_COST_BYTES)

    def take(self) -> Frames | Lost | Note:
        """Return what goes into the next record: as many frames as fit, or one other thing."""
        first = self._items.popleft()
        if isinstance(first, Lost):
            return first
        if isinstance(first, Note):
            self._give_back(len(first.body) + FRAME_COST_BYTES)
            return first
        taken = [first]
        size = len(first[1])
        while self._items:
            item = self._items[0]
            if isinstance(item, Lost | Note) or size + len(item[1]) > RECORD_BYTES_MAX:
                break
            self._items.popleft()
            taken.append(item)
            size += len(item[1])
        self._frames -= len(taken)
        self._give_back(size + len(taken) * FRAME_COST_BYTES)
        return Frames(taken)

    def close(self) -> None:
        """Give back the room of what nobody will take."""
        self._items.clear()
        self._frames = 0
        self._give_back(self._bytes)

    def statistics(self) -> InboxStatistics:
        """Return sizes and counts."""
        return InboxStatistics(self._frames, self._bytes, self._bytes_peak, self._lost_total)

    def _take(self, size: int) -> None:
        self._room.take(size)
        self._bytes += size
        self._bytes_peak = max(self._bytes_peak, self._bytes)

    def _give_back(self, size: int) -> None:
        self._room.give_back(size)
        self._bytes -= size

    def _lose(self, receive_ns: int) -> None:
        self._lost_total += 1
        last = self._items[-1] if self._items else None
        if isinstance(last, Lost):
            self._items[-1] = Lost(last.frames + 1, last.from_ns, receive_ns)
        else:
            self._items.append(Lost(1, receive_ns, receive_ns))
