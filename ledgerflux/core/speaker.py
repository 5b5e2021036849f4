"""What core asks of the wire: finished bytes of the messages a gateway sends.

`wire.gateway_frames` is the real one; core decides what is said and when, never how.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ledgerflux.core.parting import Goodbye
from ledgerflux.core.resumption import NOTHING, Resumption
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.telling import BatchView, Missing
from ledgerflux.core.terms import Terms
from ledgerflux.core.throttling import Throttled
from ledgerflux.model.stream import ChannelName


class Named(Protocol):
    """A product as messages name it, when something was published of it."""

    @property
    def venue(self) -> str:
        """The venue."""
        ...

    @property
    def product(self) -> str:
        """The product."""
        ...

    @property
    def publish_ns(self) -> int:
        """When its newest record was published."""
        ...

    @property
    def keeps(self) -> Callable[[str, int], bool]:
        """Say whether its trades of an epoch from a seq on can be had of this gateway."""
        ...


class Followed(Named, Protocol):
    """A stream, or a variant of one, as those who follow it need it."""

    @property
    def state(self) -> str:
        """The book's state."""
        ...

    def position(self, channel: ChannelName) -> Position:
        """Return where it stands."""
        ...

    def snapshot(self) -> Snapshot:
        """Return the book at its position."""
        ...

    def latest(self, channel: ChannelName) -> tuple[Position, bytes] | None:
        """Return position and JSON of its newest event, None where there is none."""
        ...


class Speaker(Protocol):
    """Makes messages; the same bytes may go to any number of clients."""

    def data(self, stream: Named, batch: BatchView, checksum: int | None) -> bytes:
        """Return the message of a whole batch, its body spliced unparsed."""
        ...

    def changes(
        self,
        stream: Followed,
        before: Position,
        after: Position,
        elements: Sequence[Mapping[str, Any]],
        checksum: int,
    ) -> bytes:
        """Return the level2 message that takes a variant from `before` to `after`."""
        ...

    def latest(
        self,
        stream: Followed,
        channel: ChannelName,
        position: Position,
        event: bytes,
        prev_seq: int | None,
    ) -> bytes:
        """Return the message of one event at `position`; `prev_seq` None: from anywhere."""
        ...

    def candles(
        self,
        stream: Followed,
        interval: str | None,
        position: Position,
        events: bytes,
        prev_seq: int,
    ) -> bytes:
        """Return the message of bars (JSON, separated by commas) as they are at `position`."""
        ...

    def gap(self, stream: Named, missing: Missing) -> bytes:
        """Return the message that says what carries no data."""
        ...

    def part(self, snapshot: Snapshot, part: int, reason: str, prev_seq: int | None) -> bytes:
        """Return one part (from 1) of a snapshot."""
        ...

    def subscribed(
        self,
        channel: str,
        streams: Mapping[str, Position],
        *,
        venue: str,
        terms: Terms,
        patterns: Sequence[str],
        on_slow: str | None,
        resumption: Resumption = NOTHING,
    ) -> bytes:
        """Return the notice that products were added to what `patterns` ask for."""
        ...

    def unsubscribed(self, channel: str, product_ids: Sequence[str]) -> bytes:
        """Return the notice that products are no longer served."""
        ...

    def error(self, code: str, message: str, product_ids: Sequence[str] = ()) -> bytes:
        """Return an error that answers no request."""
        ...

    def goodbye(self, told: Goodbye) -> bytes:
        """Return the last message of a connection."""
        ...

    def throttled(self, told: Throttled) -> bytes:
        """Return the warning that something is refused or left out, or no longer."""
        ...
