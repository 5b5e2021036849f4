"""What core asks of the wire: finished bytes of the messages a gateway sends.

`wire.gateway_frames` is the real one; core decides what is said and when, never how.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ledgerflux.core.parting import Goodbye
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.telling import BatchView, Missing
from ledgerflux.core.throttling import Throttled
from ledgerflux.model.stream import ChannelName


class Speaker(Protocol):
    """Makes messages; the same bytes may go to any number of clients."""

    def data(self, stream: ProductStream, batch: BatchView) -> bytes:
        """Return the message of a whole batch, its body spliced unparsed."""
        ...

    def latest(
        self, stream: ProductStream, channel: ChannelName, position: Position, event: bytes
    ) -> bytes:
        """Return the message of one event at `position`."""
        ...

    def gap(self, stream: ProductStream, missing: Missing) -> bytes:
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
        patterns: Sequence[str],
        on_slow: str | None,
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
