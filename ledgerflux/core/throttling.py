"""Warnings to one client that it asks too much or reads too little: at the start and the end."""

from typing import Literal, NamedTuple


class Throttled(NamedTuple):
    """`dropped` requests were refused, or messages left out, since it began.

    While requests are refused, `refusals_left` more in a row end the connection.
    """

    scope: Literal["requests", "output"]
    mode: Literal["refusing", "skipping", "ended"]
    dropped: int
    retry_after_ms: int | None = None
    refusals_left: int | None = None


class Skipping:
    """Counts the messages of streams that are left out because a client does not read them."""

    __slots__ = ("_dropped",)

    def __init__(self) -> None:
        self._dropped = 0

    def skip(self, messages: int = 1) -> Throttled | None:
        """Note what is left out; return what is told where that begins."""
        begins = not self._dropped
        self._dropped += messages
        return Throttled("output", "skipping", 0) if begins else None

    def settle(self) -> Throttled | None:
        """Everything was told or announced: return what is told where something was left out."""
        dropped, self._dropped = self._dropped, 0
        return Throttled("output", "ended", dropped) if dropped else None
