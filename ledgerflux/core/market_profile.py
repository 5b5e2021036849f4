"""What is worth knowing of a recording before it is played: how busy it is, and where it breaks.

Made while it is read once, and bounded however long it is: the rate in at most `COLUMNS`
columns of one width, and the first `MARKS_MAX` breaks.
"""

from typing import Literal, NamedTuple

from ledgerflux.model.units import NANOS_PER_MS

COLUMNS = 120
WIDTH_NS = 100 * NANOS_PER_MS
"""The narrowest column; each time they are too many, two become one."""
MARKS_MAX = 64

MarkKind = Literal["gap", "close"]


class Mark(NamedTuple):
    """A place where the recording breaks: numbers are missing, or a connection ended."""

    kind: MarkKind
    offset_ns: int


class Profile(NamedTuple):
    """Frames in each column of `width_ns`, the first from offset 0; `marks` in order.

    `marks_total` counts those that found no room, too.
    """

    width_ns: int
    frames: tuple[int, ...]
    marks: tuple[Mark, ...]
    marks_total: int


class Profiler:
    """Makes the profile of offsets that never go back."""

    def __init__(self) -> None:
        self._width_ns = WIDTH_NS
        self._frames: list[int] = []
        self._marks: list[Mark] = []
        self._marks_total = 0

    def frame(self, offset_ns: int) -> None:
        """Count a frame."""
        while offset_ns // self._width_ns >= COLUMNS:
            self._widen()
        column = offset_ns // self._width_ns
        self._frames += [0] * (column + 1 - len(self._frames))
        self._frames[column] += 1

    def mark(self, kind: MarkKind, offset_ns: int) -> None:
        """Note a break."""
        self._marks_total += 1
        if len(self._marks) < MARKS_MAX:
            self._marks.append(Mark(kind, offset_ns))

    def profile(self) -> Profile:
        """Return what was seen so far."""
        frames, marks = tuple(self._frames), tuple(self._marks)
        return Profile(self._width_ns, frames, marks, self._marks_total)

    def _widen(self) -> None:
        self._width_ns *= 2
        halves = [*self._frames, 0]
        self._frames = [sum(halves[n : n + 2]) for n in range(0, len(self._frames), 2)]
