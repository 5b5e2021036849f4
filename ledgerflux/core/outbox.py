"""What one client has not been sent yet: a bounded queue of finished messages."""

from typing import NamedTuple

MARK_BYTES = 640 * 1024
"""Above it nothing more of a stream is queued."""
DRAINED_BYTES = 64 * 1024
"""Below it streams go on, and parts of snapshots are made."""


class OutboxStatistics(NamedTuple):
    """Bytes queued now and at most, and how often the mark was passed."""

    queued_bytes: int
    queued_bytes_max: int
    overflows_total: int


class Outbox:
    """Messages in order, with a mark and a way back.

    It is `above` from the message that passes `mark_bytes` until less than `drained_bytes`
    are left; who adds data asks first. It never refuses or drops by itself.
    """

    __slots__ = (
        "_drained_bytes",
        "_mark_bytes",
        "_messages",
        "_overflows_total",
        "_size_max",
        "above",
        "drained_total",
        "size",
        "taken_total",
    )

    def __init__(self, mark_bytes: int = MARK_BYTES, drained_bytes: int = DRAINED_BYTES) -> None:
        self._mark_bytes = mark_bytes
        self._drained_bytes = drained_bytes
        self._messages: list[bytes] = []
        self._overflows_total = 0
        self._size_max = 0
        self.size = 0
        self.above = False
        self.drained_total = 0
        self.taken_total = 0

    def put(self, message: bytes) -> None:
        """Queue `message`."""
        self._messages.append(message)
        size = self.size = self.size + len(message)
        if size > self._size_max:
            self._size_max = size
        if size > self._mark_bytes and not self.above:
            self.above = True
            self._overflows_total += 1

    def pop_up_to(self, size_bytes: int) -> list[bytes]:
        """Return the oldest messages: one, and as many more as `size_bytes` hold together."""
        messages = self._messages
        if self.size <= size_bytes:
            batch, self._messages = messages, []
            taken_bytes = self.size
        else:
            taken_bytes = len(messages[0])
            count = 1
            while count < len(messages) and taken_bytes + len(messages[count]) <= size_bytes:
                taken_bytes += len(messages[count])
                count += 1
            batch = messages[:count]
            del messages[:count]
        was = self.size
        self.size -= taken_bytes
        self.taken_total += len(batch)
        if batch and self.size < self._drained_bytes:
            self.above = False
            self.drained_total += was >= self._drained_bytes
        return batch

    def clear(self) -> list[bytes]:
        """Forget everything queued; return it."""
        forgotten, self._messages = self._messages, []
        self.size = 0
        self.above = False
        return forgotten

    @property
    def has_room(self) -> bool:
        """Say whether it is drained enough to go on."""
        return self.size < self._drained_bytes

    def statistics(self) -> OutboxStatistics:
        """Return sizes and counts."""
        return OutboxStatistics(self.size, self._size_max, self._overflows_total)
