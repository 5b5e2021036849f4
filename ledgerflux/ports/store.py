"""History: rows and the position that covers them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol


class TradeRow(NamedTuple):
    """One trade as history keeps it; times in nanoseconds UTC."""

    venue: str
    product: str
    epoch: str
    seq: int
    trade_id: int
    price: str
    size: str
    side: str
    exchange_ns: int | None
    receive_ns: int


class BookRow(NamedTuple):
    """One whole book as history keeps it: `body` is zlib of `canonical`, `hash` its SHA-256."""

    venue: str
    product: str
    epoch: str
    seq: int
    receive_ns: int
    state: str
    levels: int
    hash: str
    body: bytes


class GapRow(NamedTuple):
    """One declared gap of a product's channel.

    `missing` counts what is known to be missing; of trades, `from_id` to `to_id` are the ids.
    """

    venue: str
    product: str
    channel: str
    epoch: str
    seq: int
    cause: str
    detail: str
    receive_ns: int
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None


class SnapshotStore(Protocol):
    """Point-in-time history; rows and the position that covers them commit together."""

    async def prepare(self) -> None:
        """Create or check the schema.

        Raises:
            StoreError: Not reachable, or made by a newer version.
        """
        ...

    async def position(self, venue: str, partition: int) -> int:
        """Return the number of the last NORM record whose rows are stored; 0 at the start."""
        ...

    async def write(
        self,
        venue: str,
        partition: int,
        *,
        after: int,
        upto: int,
        term: int,
        trades: Sequence[TradeRow],
        books: Sequence[BookRow],
        gaps: Sequence[GapRow],
    ) -> None:
        """Store rows and move the position from `after` to `upto`, all or nothing.

        Raises:
            StoreError: Not reachable (`store_unavailable`), or the stored position is not
                `after` or a newer term wrote (`store_conflict`); nothing was stored.
        """
        ...

    async def prune(self, *, books_before_ns: int) -> int:
        """Delete book bodies older than the given time; return how many."""
        ...

    async def counts(self, venue: str) -> Mapping[str, int]:
        """Return rows held of `venue`: `trades`, `books`, `gaps`."""
        ...

    def trade_rows(self, venue: str) -> AsyncIterator[TradeRow]:
        """Yield all trades of `venue` by product, epoch, seq."""
        ...

    async def size_bytes(self) -> int:
        """Return the size of the whole database on disk."""
        ...
