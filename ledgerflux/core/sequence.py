"""Judge the numbers that a connection gives its frames: each must be one more."""

from enum import Enum
from typing import NamedTuple


class Verdict(Enum):
    """What a number means after all numbers before it."""

    ACCEPT = "accept"
    HOLE = "hole"
    """Later than expected: the frames between are missing."""
    REPEAT = "repeat"
    """Earlier than expected: seen before, or out of order."""


class Judgement(NamedTuple):
    """A verdict, and how many frames are missing before this one."""

    verdict: Verdict
    missing: int = 0


ACCEPT = Judgement(Verdict.ACCEPT)
_REPEAT = Judgement(Verdict.REPEAT)


class SequenceTracker:
    """The numbers of one connection; the first one received sets the start.

    Holds one integer. After HOLE it has moved on to the number received; after REPEAT it
    still expects what it expected.
    """

    __slots__ = ("expected",)

    def __init__(self, expected: int | None = None) -> None:
        self.expected = expected

    def receive(self, number: int) -> Judgement:
        """Return what `number` means now."""
        expected = self.expected
        if expected is None or number == expected:
            self.expected = number + 1
            return ACCEPT
        if number < expected:
            return _REPEAT
        self.expected = number + 1
        return Judgement(Verdict.HOLE, number - expected)
