"""What sizes were before a book's newest message, for the first pictures after it."""

from collections.abc import Iterable, Mapping

from ledgerflux_tui.present.levels import Level
from ledgerflux_tui.present.prices import written

PICTURES = 2
"""Pictures in which what changed flashes."""


class Flashes:
    """Remembers the sizes of one book by price, as they are and as they were a message ago."""

    def __init__(self) -> None:
        self._of: tuple[str, int | None] = ("", None)
        self._then: dict[str, str] = {}
        self._now: dict[str, str] = {}
        self._pictures = 0

    def before(
        self, product: str, told_ns: int | None, levels: Iterable[Level]
    ) -> Mapping[str, str] | None:
        """Return what sizes were by price, None once that was shown for long enough.

        Args:
            product: Whose book it is.
            told_ns: When its newest message came.
            levels: Of both sides.
        """
        if (product, told_ns) != self._of:
            self._then = self._now if product == self._of[0] else {}
            self._now = {written(price): written(size) for price, size in levels}
            self._of, self._pictures = (product, told_ns), 0
        self._pictures += 1
        return self._then if self._pictures <= PICTURES else None
