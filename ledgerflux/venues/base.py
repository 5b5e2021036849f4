"""What every dialect can do, and the one way it refuses bytes."""

from collections.abc import Sequence
from typing import Literal, Protocol

from ledgerflux.model.events import Parsed, VenueError

Integrity = Literal["sequence", "checksum", "none"]
Channel = Literal["level2", "trades", "ticker", "heartbeats"]
RefusedReason = Literal["malformed", "encoding", "limits", "number", "subject"]

FRAME_BYTES_MAX = 16 * 1024 * 1024


class Refused(Exception):
    """Bytes that no message of the dialect can be: they go to the dead letters as they are.

    `reason` is `malformed` (no JSON object of a known shape), `encoding` (no UTF-8 text),
    `limits` (too deep, too long, a key twice), `number` (no plain decimal or integer where
    one must stand) or `subject` (an id outside the allow-list).
    """

    def __init__(self, reason: RefusedReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: RefusedReason = reason
        self.detail = detail


_COMPLAINT = b'{"type":"error"'
"""How every venue here writes the start of one."""


def complaint(venue: "Venue", frame: bytes) -> VenueError | None:
    """Return what `venue` complains of in `frame`; None, at once, for any other frame."""
    if not frame.startswith(_COMPLAINT):
        return None
    try:
        events = venue.parse(frame).events
    except Refused:
        return None
    return next((event for event in events if isinstance(event, VenueError)), None)


class Venue(Protocol):
    """One exchange dialect, read as a client: pure functions, no state."""

    name: str
    """As in subjects and messages: `coinbase-advanced`."""
    url: str
    """The public endpoint."""
    channels: tuple[Channel, ...]
    """What can be subscribed without keys, in our names."""
    integrity: Integrity
    """What proves a level2 book of this venue."""
    integrity_rule: str
    """The finer rule: `sequence:connection`, `none`."""
    book_requests_per_s: float
    """Requests a second that the venue's limits allow one client."""

    def subscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the text frames that subscribe `products` to `channels`, in order."""
        ...

    def unsubscribe(self, products: Sequence[str], channels: Sequence[Channel]) -> list[str]:
        """Return the text frames that take a subscription back."""
        ...

    def sequence(self, frame: bytes) -> int | None:
        """Return the connection's sequence number of `frame`, cheaply; None where there is none.

        Never raises: what can't be read has no number.
        """
        ...

    def is_heartbeat(self, frame: bytes) -> bool:
        """Say, from its first bytes, whether `frame` is a heartbeat as the venue writes it."""
        ...

    def parse(self, frame: bytes) -> Parsed:
        """Return what `frame` says.

        Raises:
            Refused: The bytes are not a message of this dialect.
        """
        ...
