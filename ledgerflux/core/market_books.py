"""The exchange's own books, as who subscribes to them gets them."""

from collections.abc import Iterator

from ledgerflux.core.dialect import Hearing, Request
from ledgerflux.core.market_source import Source


class Books:
    """Frames of whole books where the source stands, each made once however many ask for it.

    `forget` them whenever the source goes on.
    """

    def __init__(self, hearing: Hearing, source: Source) -> None:
        self._hearing = hearing
        self._source = source
        self._frames: dict[str, bytes] = {}

    def forget(self) -> None:
        """The source stands elsewhere."""
        self._frames.clear()

    def of(self, request: Request) -> Iterator[bytes]:
        """Yield the book of each product whose book is asked for and known."""
        for name, products in request.names:
            if self._hearing.channel(name) != "level2":
                continue
            for product in products:
                frame = self._frame(product)
                if frame is not None:
                    yield frame

    def _frame(self, product: str) -> bytes | None:
        made = self._frames.get(product)
        book = None if made is not None else self._source.book(product)
        if book is not None:
            made = self._hearing.snapshot(product, *book, self._source.time_ns())
            self._frames[product] = made
        return made
