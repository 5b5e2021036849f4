"""What goes into a product's streams, and what its subscribers must be told of it."""

from typing import Literal, NamedTuple, Protocol

from ledgerflux.core.snapshot import Position
from ledgerflux.model.stream import CHANNELS, ChannelName, EventType

ReplacedReason = Literal["resync", "epoch"]
FOLLOWED: tuple[ChannelName, ...] = (*CHANNELS, "candles")
"""Of a product, as clients may follow them."""


class BatchView(Protocol):
    """What is read of a batch of the log (`wire.norm.Batch`)."""

    @property
    def product(self) -> str:
        """The product."""
        ...

    @property
    def channel(self) -> ChannelName:
        """The channel."""
        ...

    @property
    def type(self) -> EventType:
        """What its events are."""
        ...

    @property
    def epoch(self) -> str:
        """The epoch of its events."""
        ...

    @property
    def first_seq(self) -> int:
        """The seq of its first event."""
        ...

    @property
    def last_seq(self) -> int:
        """The seq of its last event."""
        ...

    @property
    def body(self) -> bytes:
        """The JSON array of its events."""
        ...


class Said(NamedTuple):
    """The batch goes to subscribers as it is."""

    batch: BatchView

    @property
    def channel(self) -> ChannelName:
        """Return the channel it is for."""
        return self.batch.channel


class Missing(NamedTuple):
    """`from_seq` to `to_seq` carry no data; an empty range begins a new epoch.

    `state` is the book's after it; `missing`, `from_id`, `to_id` are what is known of it.
    """

    channel: ChannelName
    epoch: str
    from_seq: int
    to_seq: int
    cause: str
    state: str
    detail: str = ""
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None
    next: Literal["snapshot", "live"] | None = None
    """What follows, where it is not what the channel has."""


class Replaced(NamedTuple):
    """The whole level2 book is another: subscribers at `before` get it as a snapshot."""

    before: Position
    reason: ReplacedReason
    channel: ChannelName = "level2"


Telling = Said | Missing | Replaced


class Heads(NamedTuple):
    """Where a product stands, as heartbeats and status tell it."""

    epoch: str
    level2: int
    trades: int
    state: str
    integrity: str
