"""What a client that comes back missed and the ring has no more, on its way from the log.

Frames are fed in the order of the log, from the client's place on, until the ring has what
follows: from there it is the ring that is replayed. States::

    log --the ring has what follows--> ring     log --it can't be had--> broken

What is told live meanwhile need not be held back: it is in the ring, or comes from the log.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from ledgerflux.core.frame import Frame, Whole
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position
from ledgerflux.core.wish import Reason

REPLAY_BYTES_MAX = 128 * 1024
"""Fed to one subscription and not yet handed out; one more record may come on top."""
HELD_BYTES_MAX = 32 * 1024 * 1024
"""The same of all subscriptions together; past it each gets less at a time."""
LESS_BYTES = 16 * 1024


class Held:
    """Bytes that wait in all replays of a gateway."""

    __slots__ = ("size_bytes",)

    def __init__(self) -> None:
        self.size_bytes = 0


class LogReplay:
    """Of one subscription: `fed` is the place up to which the log was fed to it.

    `sequence` is where in the log to read on; `on_room` is called when nothing is left to hand
    out.
    """

    __slots__ = (
        "_frames",
        "_held",
        "_on_room",
        "_ring",
        "_size_bytes",
        "_state",
        "fed",
        "sequence",
        "whole",
    )

    def __init__(
        self,
        whole: Whole,
        position: Position,
        sequence: int,
        ring: ReplayRing,
        held: Held,
        on_room: "Callable[[LogReplay], None]",
    ) -> None:
        self.whole = whole
        self.fed = position
        self.sequence = sequence
        self._ring = ring
        self._held = held
        self._on_room = on_room
        self._frames: deque[Frame] = deque()
        self._size_bytes = 0
        self._state: Literal["log", "ring", "broken"] = "log"

    @property
    def reading(self) -> bool:
        """Say whether the log is still needed, now or later."""
        return self._state == "log"

    @property
    def broken(self) -> bool:
        """Say whether the rest is not to be had."""
        return self._state == "broken"

    @property
    def full(self) -> bool:
        """Say whether nothing more may be fed until some of it was handed out."""
        crowded = self._held.size_bytes >= HELD_BYTES_MAX
        return self._size_bytes >= (LESS_BYTES if crowded else REPLAY_BYTES_MAX)

    @property
    def empty(self) -> bool:
        """Say whether nothing is left to hand out."""
        return not self._frames

    @property
    def covered(self) -> bool:
        """Say whether the ring has what follows `fed`, as things are."""
        return self._ring.size_after(self.whole, self.fed) is not None

    @property
    def loss(self) -> tuple[str, Reason]:
        """Return the cause and reason of the gap, where the rest is not to be had."""
        return self._ring.loss if self._state == "ring" else ("resume", "subscribe")

    def wants(self, epoch: str, last_seq: int) -> bool:
        """Say whether a batch up to `last_seq` has something new for it."""
        return self.reading and epoch == self.fed.epoch and last_seq > self.fed.seq

    def feed(self, frames: Sequence[Frame]) -> None:
        """Take the next messages of its stream, but those it had.

        It breaks off where they do not continue what was fed.
        """
        for frame in frames:
            if frame.after.seq <= self.fed.seq:
                continue
            if frame.before != self.fed:
                self.break_off()
                return
            self.fed = frame.after
            self._frames.append(frame)
            self._count(len(frame.payload))

    def break_off(self) -> None:
        """The rest is not to be had: what was fed is handed out, then a gap."""
        self._state = "broken"

    def drop(self) -> None:
        """Forget what was not handed out."""
        self._count(-self._size_bytes)
        self._frames.clear()

    # -- as `core.subscription.Replay` ---------------------------------------------------

    def next(self, whole: Whole, position: Position) -> Frame | None:
        """Return the message that continues `position`, to be handed out now."""
        frame = self._ring.next(whole, position)
        if frame is not None:
            self._join()
        elif self._frames:
            frame = self._frames.popleft()
            self._count(-len(frame.payload))
            if not self._frames:
                self._on_room(self)
        return frame

    def head(self, whole: Whole) -> Position | None:
        """Return where the stream stands."""
        return self._ring.head(whole)

    def has(self, whole: Whole, frame: Frame) -> bool:
        """Say whether `frame`, told now, comes in its turn: every event is in the log."""
        if self._state == "ring":
            return self._ring.has(whole, frame)
        return frame.before not in (None, frame.after)

    @property
    def awaits(self) -> bool:
        """Say whether what comes next is still on its way from the log."""
        return self.reading and not self._frames and not self.covered

    def _join(self) -> None:
        """From here on the ring has everything."""
        if self._state != "ring":
            self._state = "ring"
            self.drop()
            self._on_room(self)

    def _count(self, size_bytes: int) -> None:
        self._size_bytes += size_bytes
        self._held.size_bytes += size_bytes
