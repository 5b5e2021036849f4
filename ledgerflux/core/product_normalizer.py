"""One product's streams: what the venue says becomes numbered events and a proved book.

States of the book and what moves between them::

    init ──session──► syncing ──snapshot──► live
    live ──hole, crossed, impossible level──► suspect ──snapshot──► live
    live ──connection ended──► stale ──session──► resyncing ──snapshot──► live
    live ──session without an end before it──► resyncing

Leaving `live` is told twice: as a `gap` in the level2 stream, where it stands in order with
the updates, and as a `status` event. While not live, updates are counted and not published:
no increment ever follows a break before the next snapshot. Another run of the source is
another epoch: a live book is left (`stale`) in the one before, and seqs start again at 1.
"""

from typing import NamedTuple

from ledgerflux.core.book import Book, BookRefused, Top
from ledgerflux.core.numbering import Numbering, exchange_time
from ledgerflux.core.ticker_line import TickerLine
from ledgerflux.core.trade_line import TradeLine
from ledgerflux.model.checkpoint import ProductCheckpoint
from ledgerflux.model.events import BookSnapshot, BookUpdate, RecentTrades, Ticker, Trade
from ledgerflux.model.stream import (
    CHANNELS,
    BookState,
    Gap,
    Level2Snapshot,
    Made,
    StatusEvent,
)
from ledgerflux.model.units import rfc3339

CROSSED = "the book is crossed"


class ProductStatistics(NamedTuple):
    """What was passed over, or taken with a grain of salt, since this object was made.

    `unknown_deletes` are normal on some venues; `prices_repeated` counts levels that a
    snapshot named again, the last of which stands.
    """

    updates_ignored: int
    trades_repeated: int
    unknown_deletes: int
    prices_repeated: int
    snapshots_empty: int


class ProductNormalizer:
    """The streams of one product; `out` collects what is made, in order.

    Methods named for what happened take the frame's receive time; `finish_frame` ends each
    frame, because a book is judged when all of a frame has been applied.
    """

    def __init__(self, product: str, out: list[Made]) -> None:
        self.product = product
        self.state: BookState = "init"
        self.book = Book()
        self.updates_ignored_total = 0
        self._prices_repeated_total = 0
        self._snapshots_empty_total = 0
        self._unknown_deletes_before = 0
        self.numbering = Numbering(product, out)
        self.trades = TradeLine(self.numbering)
        self._ticker = TickerLine(self.numbering)
        self._pending: list[tuple[BookUpdate, int | None]] = []
        self._traded = False
        self._book_exchange_ns: int | None = None
        self.book_receive_ns = 0

    @property
    def epoch(self) -> str:
        """Return the run of the source that seqs count in; empty before the first."""
        return self.numbering.epoch

    def statistics(self) -> ProductStatistics:
        """Return counts."""
        deletes = self.book.statistics().unknown_deletes_total
        return ProductStatistics(
            self.updates_ignored_total,
            self.trades.repeated_total,
            self._unknown_deletes_before + deletes,
            self._prices_repeated_total,
            self._snapshots_empty_total,
        )

    # -- the connection ----------------------------------------------------------------

    def open(self, run: str, receive_ns: int) -> None:
        """A connection was made that will bring this product."""
        if run != self.epoch:
            if self.state == "live":
                self.close("another run of the source began", receive_ns)
            self._begin_epoch(run)
            self._enter("syncing", "connected", receive_ns)
        elif self.state == "live":
            self._break("resyncing", "upstream", "the connection was lost", receive_ns)
        elif self.state != "syncing":
            self._enter("resyncing", "connected again", receive_ns)

    def close(self, reason: str, receive_ns: int) -> None:
        """The connection ended."""
        if self.state == "live":
            self._break("stale", "upstream", reason, receive_ns)
        else:
            self._enter("stale", reason, receive_ns)

    def doubt(
        self, cause: str, detail: str, receive_ns: int, *, missing: int | None = None
    ) -> None:
        """The proof of this book broke."""
        if self.state == "live":
            self._break("suspect", cause, detail, receive_ns, missing=missing)

    # -- the book ----------------------------------------------------------------------

    def snapshot(self, event: BookSnapshot, receive_ns: int, src_seq: int | None) -> str | None:
        """Replace the book; return why that can't be, None where it is done."""
        self._pending.clear()
        try:
            self._prices_repeated_total += self.book.replace(event.bids, event.asks)
        except BookRefused as refused:
            return self._disbelieve(str(refused), receive_ns)
        self._snapshots_empty_total += not (event.bids or event.asks)
        if self.book.crossed():
            return self._disbelieve("the venue's snapshot is crossed", receive_ns)
        self._book_exchange_ns, self.book_receive_ns = event.exchange_ns, receive_ns
        snapshot = Level2Snapshot(
            seq=self.numbering.next("level2"),
            ts_exchange=exchange_time(event.exchange_ns),
            ts_receive=rfc3339(receive_ns),
            reason="subscribe" if self.state == "syncing" else "resync",
            bids=self.book.bids(),
            asks=self.book.asks(),
            src_seq=src_seq,
        )
        self.numbering.emit("level2", "snapshot", snapshot)
        self._enter("live", "snapshot", receive_ns)
        return None

    def update(self, event: BookUpdate, receive_ns: int, src_seq: int | None) -> str | None:
        """Apply an update; return why that can't be, None where it is done or ignored."""
        if self.state != "live":
            self.updates_ignored_total += 1
            return None
        problem = self._apply(event, receive_ns)
        if problem is None:
            self._pending.append((event, src_seq))
        return problem

    def update_frame(
        self, event: BookUpdate, receive_ns: int, src_seq: int | None, *, derive_ticker: bool
    ) -> str | None:
        """Do `update` and `finish_frame` for a frame that holds nothing else."""
        if self.state != "live":
            self.updates_ignored_total += 1
            return None
        book = self.book
        try:  # as `_apply`: a call less for nine frames of ten
            book.apply(event.changes)
        except BookRefused as refused:
            return self._disbelieve(str(refused), receive_ns)
        self._book_exchange_ns, self.book_receive_ns = event.exchange_ns, receive_ns
        if book.crossed():
            return self._disbelieve(CROSSED, receive_ns)
        self.numbering.update(event, src_seq, rfc3339(receive_ns))
        if derive_ticker:
            self._derive_ticker(book.best(), receive_ns, traded=False)
        return None

    def finish_frame(self, receive_ns: int, *, derive_ticker: bool) -> str | None:
        """Publish what the frame did; return why the book is no longer believed, or None."""
        traded, self._traded = self._traded, False
        if self._pending:
            if self.book.crossed():
                return self._disbelieve(CROSSED, receive_ns)
            ts_receive = rfc3339(receive_ns)
            for event, src_seq in self._pending:
                self.numbering.update(event, src_seq, ts_receive)
            self._pending.clear()
        if derive_ticker and self.state == "live":
            self._derive_ticker(self.book.best(), receive_ns, traded=traded)
        return None

    # -- trades and ticker -------------------------------------------------------------

    def trade(self, event: Trade, receive_ns: int) -> None:
        """Publish a trade once, and whatever ids are missing before it as a gap."""
        self._traded |= self.trades.trade(event, self.state, receive_ns)

    def recent_trades(self, event: RecentTrades, receive_ns: int) -> None:
        """Learn where trades stand; those the connection missed are a gap."""
        self._traded |= self.trades.recent(event, self.state, receive_ns)

    def ticker(self, event: Ticker, receive_ns: int) -> None:
        """Publish the venue's own ticker."""
        self._ticker.venue(event, receive_ns)

    # -- inside ------------------------------------------------------------------------

    def _apply(self, event: BookUpdate, receive_ns: int) -> str | None:
        """Apply an update to the live book; return why that can't be, None where it is done."""
        try:
            self.book.apply(event.changes)
        except BookRefused as refused:
            return self._disbelieve(str(refused), receive_ns)
        self._book_exchange_ns, self.book_receive_ns = event.exchange_ns, receive_ns
        return None

    def _disbelieve(self, why: str, receive_ns: int) -> str:
        self.doubt("upstream", why, receive_ns)
        return why

    def _derive_ticker(self, top: Top, receive_ns: int, *, traded: bool) -> None:
        self._ticker.derive(
            top,
            self.trades,
            traded=traded,
            exchange_ns=self._book_exchange_ns,
            receive_ns=receive_ns,
        )

    def _begin_epoch(self, run: str) -> None:
        self.state = "init"
        self._unknown_deletes_before += self.book.statistics().unknown_deletes_total
        self.book = Book()
        self._pending.clear()
        self.numbering.begin(run)
        self.trades.begin()
        self._ticker.forget()

    def _break(
        self, state: BookState, cause: str, detail: str, receive_ns: int, missing: int | None = None
    ) -> None:
        self._pending.clear()
        self._ticker.forget()  # the next snapshot is told with its ticker, changed or not
        gap = Gap(
            seq=self.numbering.next("level2"),
            ts_receive=rfc3339(receive_ns),
            cause=cause,
            state=state,
            detail=detail,
            missing=missing,
        )
        self.numbering.emit("level2", "gap", gap)
        self._enter(state, detail, receive_ns)

    def _enter(self, state: BookState, reason: str, receive_ns: int) -> None:
        if state == self.state:
            return
        self.state = state
        event = StatusEvent(self.numbering.next("status"), state, reason, rfc3339(receive_ns))
        self.numbering.emit("status", "status", event)

    # -- checkpoint --------------------------------------------------------------------

    def checkpoint(self) -> ProductCheckpoint:
        """Return all that is needed to go on from here; not within a frame."""
        assert not self._pending
        return ProductCheckpoint(
            product=self.product,
            epoch=self.epoch,
            state=self.state,
            seqs=dict(self.numbering.seqs.items()),
            last_trade_id=self.trades.last_id,
            last_price=self.trades.price,
            last_size=self.trades.size,
            top=self._ticker.top,
            bids=self.book.bids(),
            asks=self.book.asks(),
            book_exchange_ns=self._book_exchange_ns,
            book_receive_ns=self.book_receive_ns,
        )

    @classmethod
    def restore(cls, saved: ProductCheckpoint, out: list[Made]) -> "ProductNormalizer":
        """Return the stream that `checkpoint` saved."""
        stream = cls(saved.product, out)
        stream.state = saved.state
        stream.book.replace(saved.bids, saved.asks)
        stream.numbering = Numbering(
            saved.product,
            out,
            epoch=saved.epoch,
            seqs={channel: saved.seqs[channel] for channel in CHANNELS},
        )
        stream.trades = TradeLine(
            stream.numbering,
            last_id=saved.last_trade_id,
            price=saved.last_price,
            size=saved.last_size,
        )
        stream._ticker = TickerLine(stream.numbering, top=saved.top)
        stream._book_exchange_ns = saved.book_exchange_ns
        stream.book_receive_ns = saved.book_receive_ns
        return stream
