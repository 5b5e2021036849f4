"""How much of a partition is taken before the others have a turn."""

TURN_BYTES = 32 * 1024
"""Of record bodies: a few milliseconds of work."""


class Turn:
    """Counts bytes taken; a turn is over after `TURN_BYTES` of them, or one larger record."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = 0

    def over(self, size: int) -> bool:
        """Count a record of `size` bytes; say whether others should have their turn now."""
        self._bytes += size
        if self._bytes < TURN_BYTES:
            return False
        self._bytes = 0
        return True
