"""When rows that wait are written: soon, but many at once. Time is an argument."""

ROW_BYTES = 256
"""What a trade takes in memory, about; a whole book counts as many rows as it is larger."""


class Linger:
    """Decides when what is pending should be written.

    Rows wait `linger_ns` for others, a position without rows `idle_ns`; at `rows_max`
    nothing more should be taken in before a write.
    """

    def __init__(self, *, rows_max: int, linger_ns: int, idle_ns: int) -> None:
        self._rows_max = rows_max
        self._linger_ns = linger_ns
        self._idle_ns = idle_ns
        self._rows = 0
        self._due_ns: int | None = None

    @property
    def full(self) -> bool:
        """Say whether the next rows must wait until these are written."""
        return self._rows >= self._rows_max

    def add(self, rows: int, now_ns: int) -> None:
        """Note that a record with `rows` rows came at `now_ns`."""
        self._rows += rows
        due_ns = now_ns + (self._linger_ns if rows else self._idle_ns)
        self._due_ns = due_ns if self._due_ns is None else min(self._due_ns, due_ns)

    def clear(self) -> None:
        """Note that everything pending is being written."""
        self._rows = 0
        self._due_ns = None

    def wait_ns(self, now_ns: int) -> int | None:
        """Return how long to wait before writing; None where nothing is pending."""
        if self._due_ns is None:
            return None
        return 0 if self.full else max(0, self._due_ns - now_ns)


def weight(body: bytes) -> int:
    """Return how many rows a book's `body` counts as."""
    return 1 + len(body) // ROW_BYTES
