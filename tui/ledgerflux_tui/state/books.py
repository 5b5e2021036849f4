"""Books as the screens show them: levels best first, how far to trust them, how old they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledgerflux.model.events import Level

BOOKS_MAX = 4
"""Books kept at once: the selected product's and those looked at before."""


@dataclass(slots=True)
class BookView:
    """One product's book; prices and sizes as the venue wrote them.

    Attributes:
        product: Its id.
        depth: Levels a side that were asked for.
        bids: Best first.
        asks: Best first.
        state: The gateway's word for it.
        integrity: What proves it: `sequence`, `checksum` or `none`.
        rule: The finer rule of that.
        epoch: Continuity of its stream.
        seq: The last event in it.
        proved: Whether the checksum that came with its last message held.
        told_ns: When its last message came.
        snapshot_ns: When its last snapshot came.
        snapshots_total: Whole books that came since it was opened.
        gaps_total: Gaps of its stream since it was opened.
        gap_cause: Why the last of them.
        crossed_total: Messages after which it was live and crossed.
    """

    product: str
    depth: int | str = 25
    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()
    state: str = "init"
    integrity: str = "none"
    rule: str = ""
    epoch: str = ""
    seq: int = 0
    proved: bool = False
    told_ns: int | None = None
    snapshot_ns: int | None = None
    snapshots_total: int = 0
    gaps_total: int = 0
    gap_cause: str = ""
    crossed_total: int = 0

    @property
    def live(self) -> bool:
        """Say whether it may be believed."""
        return self.state == "live" and self.told_ns is not None


@dataclass(slots=True)
class Books:
    """The books that were asked for, the newest last; bounded, the oldest goes."""

    by_product: dict[str, BookView] = field(default_factory=dict)

    def open(self, product: str, depth: int | str) -> BookView:
        """Begin the book of `product` anew and return it."""
        self.by_product.pop(product, None)
        book = self.by_product[product] = BookView(product, depth)
        while len(self.by_product) > BOOKS_MAX:
            del self.by_product[next(iter(self.by_product))]
        return book

    def of(self, product: str | None) -> BookView | None:
        """Return the book of `product`, None where none was asked for."""
        return None if product is None else self.by_product.get(product)
