"""What history keeps of a partition's events, and when: whole books at intervals, batches.

No clock and no database: receive times come with the events, the time of the caller's
clock with each call, and what should be stored is returned.
"""

import zlib
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledgerflux.core.book import Book, BookRefused, canonical
from ledgerflux.core.sharding import fnv1a32
from ledgerflux.errors import StoreError
from ledgerflux.model.events import Change, Level

ROW_BYTES = 256
"""What a trade takes in memory, about; a whole book counts as many rows as it is larger."""


class RefusedRow(NamedTuple):
    """A row that the database will never take: `row` is its text, escaped to ASCII."""

    table: str
    row: str
    reason: str


class RowsRefused(StoreError):
    """Some rows can't be stored as they are; all others, and the position, were."""

    code = "rows_refused"
    exit_code = 7
    retryable = False

    def __init__(self, rows: Sequence[RefusedRow]) -> None:
        first = rows[0]
        super().__init__(f"{len(rows)} row(s) can't be stored; {first.table}: {first.reason}")
        self.rows = tuple(rows)


class BookImage(NamedTuple):
    """One whole book after the event `seq`: `body` is zlib of its canonical text.

    `levels` counts both sides, `hash` is the SHA-256 of the canonical text in hex,
    `receive_ns` is when the last event in it was received.
    """

    product: str
    epoch: str
    seq: int
    receive_ns: int
    state: str
    levels: int
    hash: str
    body: bytes


class HistoryStatistics(NamedTuple):
    """Books known, jumps of seq inside an epoch, and levels that no book can hold."""

    books: int
    jumps_total: int
    refused_total: int


class _Kept:
    """One product: its book (None: not known) and whether it changed since its last image."""

    __slots__ = ("book", "changed", "due_ns", "epoch", "receive_ns", "seq", "state")

    def __init__(self) -> None:
        self.book: Book | None = None
        self.epoch = ""
        self.seq = 0
        self.receive_ns = 0
        self.state = "init"
        self.changed = False
        self.due_ns = 0


class BookHistory:
    """The books of one partition, and which of them should be stored by now.

    A book is known from a checkpoint or a snapshot on. It is no longer known after a jump
    of seq or a level that can't be, until the next snapshot: an unproved book is never
    stored as a proved one. Images come at multiples of `interval_ns` by receive time,
    each product at its own offset, so that large books are not all due at once.
    """

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._kept: dict[str, _Kept] = {}
        self._jumps_total = 0
        self._refused_total = 0

    def load(
        self, product: str, book: Book, *, epoch: str, seq: int, receive_ns: int, state: str
    ) -> None:
        """Begin with `book` as it was after the event `seq`; the book is ours from now on."""
        kept = self._kept[product] = _Kept()
        kept.book, kept.state = book, state
        kept.epoch, kept.seq, kept.receive_ns = epoch, seq, receive_ns

    def snapshot(
        self,
        product: str,
        epoch: str,
        seq: int,
        receive_ns: int,
        bids: Sequence[Level],
        asks: Sequence[Level],
    ) -> None:
        """Take a level2 snapshot: the book is known again, whatever came before."""
        kept = self._kept.setdefault(product, _Kept())
        book = Book()
        try:
            book.replace(bids, asks)
        except BookRefused:
            self._refuse(kept)
        else:
            kept.book = book
            if kept.state in ("init", "syncing", "suspect", "resyncing"):
                kept.state = "live"
        self._move(product, kept, epoch, seq, receive_ns)

    def update(
        self,
        product: str,
        epoch: str,
        first_seq: int,
        receive_ns: int,
        updates: Sequence[Sequence[Change]],
    ) -> None:
        """Take consecutive level2 updates; `receive_ns` is the time of the last."""
        kept = self._kept.setdefault(product, _Kept())
        self._check_seq(kept, epoch, first_seq)
        if kept.book is not None:
            try:
                for changes in updates:
                    kept.book.apply(changes)
            except BookRefused:
                self._refuse(kept)
        self._move(product, kept, epoch, first_seq + len(updates) - 1, receive_ns)

    def gap(self, product: str, epoch: str, seq: int, receive_ns: int, state: str) -> None:
        """Take a declared level2 gap: the book stays as it was, in `state`."""
        kept = self._kept.setdefault(product, _Kept())
        self._check_seq(kept, epoch, seq)
        kept.state = state
        self._move(product, kept, epoch, seq, receive_ns)

    def status(self, product: str, state: str) -> None:
        """Take what the status channel says of the product's book."""
        self._kept.setdefault(product, _Kept()).state = state

    def forget(self) -> None:
        """Records were lost: no book is known until its next snapshot."""
        self._kept.clear()

    def due(self, receive_ns: int) -> Iterator[BookImage]:
        """Yield each changed book whose interval has ended by `receive_ns`."""
        for product, kept in self._kept.items():
            if kept.changed and kept.due_ns <= receive_ns:
                yield from self._image(product, kept)

    def skip(self, receive_ns: int) -> None:
        """Let intervals that have ended by `receive_ns` pass: their images were stored before."""
        for product, kept in self._kept.items():
            kept.due_ns = max(kept.due_ns, self._interval_end(product, receive_ns))

    def changed(self) -> Iterator[BookImage]:
        """Yield every book that changed since its last image, due or not: the end."""
        for product, kept in self._kept.items():
            if kept.changed:
                yield from self._image(product, kept)

    def statistics(self) -> HistoryStatistics:
        """Return sizes and counts."""
        books = sum(kept.book is not None for kept in self._kept.values())
        return HistoryStatistics(books, self._jumps_total, self._refused_total)

    def _check_seq(self, kept: _Kept, epoch: str, seq: int) -> None:
        if kept.book is not None and (epoch, seq) != (kept.epoch, kept.seq + 1):
            self._jumps_total += 1
            kept.book = None

    def _refuse(self, kept: _Kept) -> None:
        self._refused_total += 1
        kept.book = None

    def _move(self, product: str, kept: _Kept, epoch: str, seq: int, receive_ns: int) -> None:
        kept.epoch, kept.seq, kept.receive_ns = epoch, seq, receive_ns
        if not kept.changed:
            kept.changed = True
            kept.due_ns = self._interval_end(product, receive_ns)

    def _interval_end(self, product: str, receive_ns: int) -> int:
        interval_ns = self._interval_ns
        offset_ns = fnv1a32(product) * 1_000_003 % interval_ns
        return receive_ns - (receive_ns - offset_ns) % interval_ns + interval_ns

    @staticmethod
    def _image(product: str, kept: _Kept) -> Iterator[BookImage]:
        kept.changed = False
        if kept.book is None:
            return
        bids, asks = kept.book.bids(), kept.book.asks()
        text = canonical(bids, asks)
        yield BookImage(
            product,
            kept.epoch,
            kept.seq,
            kept.receive_ns,
            kept.state,
            len(bids) + len(asks),
            sha256(text).hexdigest(),
            zlib.compress(text),
        )


class Pace:
    """When what is pending should be written: soon, but many rows at once.

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
        """Note that records with `rows` rows wait since `now_ns`."""
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
