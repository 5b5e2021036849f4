"""What history keeps of a partition's books, and when: whole ones, at intervals.

No clock and no database: time is the events' receive time, and what should be stored is
returned.
"""

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledgerflux.core.batch_events import GAPS, SNAPSHOTS, STATUSES, UPDATES, read
from ledgerflux.core.book import Book, BookRefused, canonical
from ledgerflux.core.sharding import fnv1a32
from ledgerflux.core.telling import BatchView
from ledgerflux.errors import LogError, StoreError
from ledgerflux.model.checkpoint import ProductCheckpoint
from ledgerflux.model.stream import Level2Snapshot, Level2Update
from ledgerflux.model.units import parse_time_ns


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
    `receive_ns` is when the last event in it was received. Where `state` is not `live`,
    the levels are the last that were.
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

    def __init__(self, epoch: str) -> None:
        self.book: Book | None = None
        self.epoch = epoch
        self.seq = 0
        self.receive_ns = 0
        self.state = "init"
        self.changed = False
        self.due_ns = 0


class BookHistory:
    """The books of one partition, and which of them should be stored by now.

    A book is known from a checkpoint or a snapshot on. It is no longer known after a jump
    of seq or a level that can't be, until the next snapshot: what is not proved is not
    stored. Images come at multiples of `interval_ns` by receive time, each product at its
    own offset so that large books are not all due at once, and where an epoch ends.
    """

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._kept: dict[str, _Kept] = {}
        self._ended: deque[BookImage] = deque()
        self._jumps_total = 0
        self._refused_total = 0

    def load(self, saved: ProductCheckpoint) -> None:
        """Begin with a product as its checkpoint has it.

        Only a live book is one that clients were told: any other waits for its snapshot.
        """
        kept = self._kept[saved.product] = _Kept(saved.epoch)
        kept.state, kept.seq = saved.state, saved.seqs["level2"]
        kept.receive_ns = saved.book_receive_ns
        if saved.state == "live":
            kept.book = self._book(saved)

    def take(self, batch: BatchView) -> int:
        """Take the next batch of any product and channel; return its last receive time.

        0 for the channels that books are not made of.

        Raises:
            LogError: Its events can't be read.
        """
        match batch.channel, batch.type:
            case "level2", "snapshot":
                snapshot = read(SNAPSHOTS, batch)[-1]
                kept = self._of(batch)
                kept.book, kept.state = self._book(snapshot), "live"
                return self._move(kept, batch, snapshot.ts_receive)
            case "level2", "update":
                updates = read(UPDATES, batch)
                self._apply(self._next(batch), updates)
                return self._move(self._of(batch), batch, updates[-1].ts_receive)
            case "level2", "gap":
                gap = read(GAPS, batch)[-1]
                kept = self._next(batch)
                kept.state = gap.state
                return self._move(kept, batch, gap.ts_receive)
            case "status", _:
                status = read(STATUSES, batch)[-1]
                self._of(batch).state = status.state
                return time_ns(status.ts_receive)
            case _:
                return 0

    def forget(self) -> None:
        """Records were lost: no book is known until its next snapshot."""
        self._kept.clear()

    def due(self, receive_ns: int) -> Iterator[BookImage]:
        """Yield each changed book whose interval has ended by `receive_ns`."""
        while self._ended:
            yield self._ended.popleft()
        for product, kept in self._kept.items():
            if kept.changed and kept.due_ns <= receive_ns:
                yield from _image(product, kept)

    def skip(self, receive_ns: int) -> None:
        """Let what was due by `receive_ns` pass: it was stored before."""
        self._ended.clear()
        for product, kept in self._kept.items():
            kept.due_ns = max(kept.due_ns, self._interval_end(product, receive_ns))

    def changed(self) -> Iterator[BookImage]:
        """Yield every book that changed since its last image, due or not: the end."""
        yield from self.due(1 << 63)

    def statistics(self) -> HistoryStatistics:
        """Return sizes and counts."""
        books = sum(kept.book is not None for kept in self._kept.values())
        return HistoryStatistics(books, self._jumps_total, self._refused_total)

    def _of(self, batch: BatchView) -> _Kept:
        """Return the product of `batch`, begun anew where its epoch is another."""
        kept = self._kept.get(batch.product)
        if kept is None or kept.epoch != batch.epoch:
            if kept is not None and kept.changed:
                self._ended.extend(_image(batch.product, kept))
            kept = self._kept[batch.product] = _Kept(batch.epoch)
        return kept

    def _next(self, batch: BatchView) -> _Kept:
        """Return the product of `batch`, its book only where `batch` continues it."""
        kept = self._of(batch)
        if kept.book is not None and batch.first_seq != kept.seq + 1:
            self._jumps_total += 1
            kept.book = None
        return kept

    def _apply(self, kept: _Kept, updates: Sequence[Level2Update]) -> None:
        if kept.book is None:
            return
        try:
            for update in updates:
                kept.book.apply(update.changes)
        except BookRefused:
            self._refused_total += 1
            kept.book = None

    def _book(self, whole: Level2Snapshot | ProductCheckpoint) -> Book | None:
        book = Book()
        try:
            book.replace(whole.bids, whole.asks)
        except BookRefused:
            self._refused_total += 1
            return None
        return book

    def _move(self, kept: _Kept, batch: BatchView, ts_receive: str) -> int:
        kept.seq, kept.receive_ns = batch.last_seq, time_ns(ts_receive)
        if not kept.changed:
            kept.changed = True
            kept.due_ns = self._interval_end(batch.product, kept.receive_ns)
        return kept.receive_ns

    def _interval_end(self, product: str, receive_ns: int) -> int:
        offset_ns = fnv1a32(product) * 1_000_003 % self._interval_ns
        return receive_ns - (receive_ns - offset_ns) % self._interval_ns + self._interval_ns


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


def time_ns(text: str) -> int:
    """Return the nanoseconds of a time that we wrote.

    Raises:
        LogError: It is none.
    """
    time = parse_time_ns(text)
    if time is None:
        raise LogError(f"{text[:40]!r} is no time")
    return time
