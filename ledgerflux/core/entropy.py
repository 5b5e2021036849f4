"""Random numbers that are the same everywhere for the same seed."""

import struct
from hashlib import shake_128

WORDS = 4096
_BLOCK = struct.Struct(f"<{WORDS}Q")


class Entropy:
    """Words of 64 random bits: SHAKE-128 over seed and block number.

    `place` (block, word) is where to go on; two numbers are the whole state.
    """

    def __init__(self, seed: str, place: tuple[int, int] = (0, 0)) -> None:
        self._seed = seed
        self._block, self._index = place
        self._words = self._make()

    @property
    def place(self) -> tuple[int, int]:
        """Return where the next word comes from."""
        return self._block, self._index

    def word(self) -> int:
        """Return the next 64 bits."""
        if self._index == WORDS:
            self._block += 1
            self._index = 0
            self._words = self._make()
        word = self._words[self._index]
        self._index += 1
        return word

    def _make(self) -> tuple[int, ...]:
        digest = shake_128(f"{self._seed}/{self._block}".encode())
        return _BLOCK.unpack(digest.digest(_BLOCK.size))
