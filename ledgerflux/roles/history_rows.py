"""Rows of history, made of one partition's NORM records: pure, record by record."""

from dataclasses import dataclass, field

import msgspec

from ledgerflux.core.batch_events import GAPS, read
from ledgerflux.core.history import BookHistory, BookImage, time_ns
from ledgerflux.core.linger import weight
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.model.stream import TradeEvent
from ledgerflux.model.units import parse_time_ns
from ledgerflux.ports import BookRow, GapRow, TradeRow
from ledgerflux.wire import norm
from ledgerflux.wire.record import Kind, Record

_trades = msgspec.json.Decoder(list[TradeEvent])


@dataclass(slots=True)
class Rows:
    """Rows that are stored together, and how far they cover the log.

    `upto` and `term` are those of the last record in it; `oldest_ns` is when the first was
    published (None: no record yet); `events` is how many events the records hold.
    """

    upto: int
    term: int
    trades: list[TradeRow] = field(default_factory=list)
    books: list[BookRow] = field(default_factory=list)
    gaps: list[GapRow] = field(default_factory=list)
    oldest_ns: int | None = None
    events: int = 0

    @property
    def weight(self) -> int:
        """Return how many rows these count as."""
        return len(self.trades) + len(self.gaps) + sum(weight(row.body) for row in self.books)

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to store."""
        return self.oldest_ns is None and not (self.trades or self.books or self.gaps)

    def add(self, other: "Rows") -> None:
        """Append the rows of the records that follow."""
        self.upto, self.term = other.upto, other.term
        self.trades += other.trades
        self.books += other.books
        self.gaps += other.gaps
        self.events += other.events
        if self.oldest_ns is None:
            self.oldest_ns = other.oldest_ns


class RowMaker:
    """Turns records into rows.

    Args:
        venue: What all rows are of.
        products: The products of the partition.
        after: Records up to this number are stored: they make no rows.
        checkpoint: Where the books begin; None: with the first record read.
        book_interval_ns: How often a book that changes is stored.
    """

    def __init__(
        self,
        venue: str,
        products: tuple[str, ...],
        *,
        after: int,
        checkpoint: PartitionCheckpoint | None,
        book_interval_ns: int,
    ) -> None:
        self.books = BookHistory(book_interval_ns)
        self.lost_total = 0
        self._venue = venue
        self._products = products
        self._after = after
        self._books_after = 0
        if checkpoint is not None:
            self._books_after = checkpoint.norm_number
            for product in checkpoint.products:
                self.books.load(product)
        self._next = min(after, self._books_after) + 1

    @property
    def seen(self) -> int:
        """Return the number of the last record taken, or passed over."""
        return self._next - 1

    def take(self, record: Record) -> Rows | None:
        """Return the rows of `record`, None where it is stored already.

        Raises:
            LogError: Its events can't be read.
        """
        rows = Rows(record.number, record.term, oldest_ns=record.publish_ns)
        if record.number > self._next:
            self._lose(record, rows)
        self._next = record.number + 1
        newest_ns = 0
        for batch in norm.unpack(record.body) if record.kind is Kind.EVENTS else ():
            rows.events += batch.items
            newest_ns = max(newest_ns, self._take_batch(record.number, batch, rows))
        if record.number <= self._after:
            self.books.skip(newest_ns)
            return None
        rows.books += [book_row(self._venue, image) for image in self.books.due(newest_ns)]
        return rows

    def rest(self) -> list[BookRow]:
        """Return the books that changed since they were last made a row: the end."""
        if self.seen < self._after:
            return []
        return [book_row(self._venue, image) for image in self.books.changed()]

    def _take_batch(self, number: int, batch: norm.Batch, rows: Rows) -> int:
        newest_ns = self.books.take(batch) if number > self._books_after else 0
        if number <= self._after:
            return newest_ns
        if batch.type == "trade":
            made = trade_rows(self._venue, batch)
            rows.trades += made
            newest_ns = made[-1].receive_ns
        elif batch.type == "gap":
            rows.gaps += gap_rows(self._venue, batch)
        return newest_ns

    def _lose(self, record: Record, rows: Rows) -> None:
        """Declare that records fell to the stream's limit before they were stored."""
        last = record.number - 1
        if last > self._books_after:
            self.books.forget()
        first = max(self._next, self._after + 1)
        if first > last:
            return
        self.lost_total += last - first + 1
        detail = f"NORM records {first} to {last} were gone before they were stored"
        rows.gaps += [
            GapRow(self._venue, product, channel, "", first, "store", detail, record.publish_ns)
            for product in self._products
            for channel in ("level2", "trades")
        ]


def trade_rows(venue: str, batch: norm.Batch) -> list[TradeRow]:
    """Return the rows of a batch of trades.

    Raises:
        LogError: It can't be read.
    """
    return [
        TradeRow(
            venue,
            batch.product,
            batch.epoch,
            event.seq,
            event.trade_id,
            event.price,
            event.size,
            event.side,
            None if event.ts_exchange is None else parse_time_ns(event.ts_exchange),
            time_ns(event.ts_receive),
        )
        for event in read(_trades, batch)
    ]


def gap_rows(venue: str, batch: norm.Batch) -> list[GapRow]:
    """Return the rows of a batch of gaps.

    Raises:
        LogError: It can't be read.
    """
    return [
        GapRow(
            venue,
            batch.product,
            batch.channel,
            batch.epoch,
            event.seq,
            event.cause,
            event.detail,
            time_ns(event.ts_receive),
            event.missing,
            event.from_id,
            event.to_id,
        )
        for event in read(GAPS, batch)
    ]


def book_row(venue: str, image: BookImage) -> BookRow:
    """Return the row of a whole book."""
    return BookRow(venue, *image)
