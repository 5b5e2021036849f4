"""A snapshot on its way out to one client, part by part."""

from ledgerflux.core.snapshot import Snapshot
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.wish import Reason


class Loading:
    """Why it is sent, what it continues, and the part that was sent last."""

    __slots__ = ("part", "prev_seq", "reason", "snapshot")

    def __init__(self, snapshot: Snapshot, reason: Reason, prev_seq: int | None) -> None:
        self.snapshot = snapshot
        self.reason = reason
        self.prev_seq = prev_seq
        self.part = 0

    @property
    def complete(self) -> bool:
        """Say whether every part was sent."""
        return self.part == self.snapshot.parts

    def next_part(self, speaker: Speaker) -> bytes:
        """Return the message of the next part."""
        self.part += 1
        return speaker.part(self.snapshot, self.part, self.reason, self.prev_seq)
