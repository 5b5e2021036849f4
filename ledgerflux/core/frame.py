"""Messages of a stream, finished for whoever is at the place that they continue."""

from typing import NamedTuple, Protocol

from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms
from ledgerflux.core.wish import Reason
from ledgerflux.model.stream import ChannelName

Whole = tuple[ChannelName, str]
"""A stream as a client names it: channel and product."""
StreamKey = tuple[ChannelName, str, Terms]
"""A stream that clients may share: channel, product, and how much of it."""


class Frame(NamedTuple):
    """A finished message and where it takes the stream; `before` None: from anywhere."""

    before: Position | None
    after: Position
    payload: bytes
    newest: bool = False
    """It replaces one that was not sent yet."""


class Replay(Protocol):
    """The newest messages of streams (`core.replay_ring`)."""

    def next(self, whole: Whole, position: Position) -> Frame | None:
        """Return the message that continues `position`, None where there is none."""
        ...

    def head(self, whole: Whole) -> Position | None:
        """Return where a stream stands."""
        ...

    def has(self, whole: Whole, frame: Frame) -> bool:
        """Say whether `frame`, told now, comes in its turn."""
        ...

    @property
    def awaits(self) -> bool:
        """Say whether nothing can be handed out, but more is on its way."""
        ...

    @property
    def loss(self) -> tuple[str, Reason]:
        """Return the cause and reason of a gap, where the rest is not to be had."""
        ...
