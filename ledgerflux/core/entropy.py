"""Random numbers that are the same everywhere for the same seed."""

import struct
from collections.abc import Callable, Iterator
from hashlib import shake_128
from operator import length_hint

WORDS = 4096
_BLOCK = struct.Struct(f"<{WORDS}Q")


class Entropy:
    """Words of 64 random bits: SHAKE-128 over seed and block number.

    `place` (block, words taken of it) is where to go on; two numbers are the whole state.
    """

    def __init__(self, seed: str, place: tuple[int, int] = (0, 0)) -> None:
        self._seed = seed
        self._block, skipped = place
        self._left = iter(self._make()[skipped:])
        self.word: Callable[[], int] = self._words().__next__
        """Return the next 64 bits."""

    @property
    def place(self) -> tuple[int, int]:
        """Return where the next word comes from."""
        return self._block, WORDS - length_hint(self._left)

    def _words(self) -> Iterator[int]:
        while True:
            yield from self._left
            self._block += 1
            self._left = iter(self._make())

    def _make(self) -> tuple[int, ...]:
        digest = shake_128(f"{self._seed}/{self._block}".encode())
        return _BLOCK.unpack(digest.digest(_BLOCK.size))
