"""One product's streams: what the venue says becomes numbered events and a proved book.

States of the book and what moves between them::

    init ──session──► syncing ──snapshot──► live
    live ──hole, crossed, impossible level──► suspect ──snapshot──► live
    live ──connection ended──► stale ──session──► resyncing ──snapshot──► live
    live ──session without an end before it──► resyncing

Leaving `live` is told twice: as a `gap` in the level2 stream, where it stands in order with
the updates, and as a `status` event. While not live, updates are counted and not published:
no increment ever follows a break before the next snapshot. Another run of the source is
another epoch: seqs start again at 1.
"""

from ledgerflux.core.book import Book, BookRefused
from ledgerflux.model.checkpoint import ProductCheckpoint
from ledgerflux.model.events import BookSnapshot, BookUpdate, Level, RecentTrades, Ticker, Trade
from ledgerflux.model.stream import (
    BookState,
    ChannelName,
    EventType,
    Gap,
    Level2Snapshot,
    Level2Update,
    Made,
    StatusEvent,
    StreamEvent,
    TickerEvent,
    TradeEvent,
)
from ledgerflux.model.units import rfc3339

CHANNELS: tuple[ChannelName, ...] = ("level2", "trades", "ticker", "status")


class ProductNormalizer:
    """The streams of one product; `out` collects what is made, in order.

    Methods named for what happened take the frame's receive time; `finish_frame` ends each
    frame, because a book is judged when all of a frame has been applied.
    """

    def __init__(self, product: str, out: list[Made]) -> None:
        self.product = product
        self.epoch = ""
        self.state: BookState = "init"
        self.book = Book()
        self.updates_ignored_total = 0
        self.trades_repeated_total = 0
        self._out = out
        self._seqs: dict[ChannelName, int] = dict.fromkeys(CHANNELS, 0)
        self._pending: list[Level2Update] = []
        self._derive_ticker = False
        self._last_trade_id: int | None = None
        self._last_trade: tuple[str | None, str | None] = (None, None)
        self._traded = False
        self._top: tuple[Level | None, Level | None] = (None, None)
        self._book_exchange_ns: int | None = None
        self._book_receive_ns = 0

    # -- the connection ----------------------------------------------------------------

    def open(self, run: str, receive_ns: int, *, derive_ticker: bool) -> None:
        """A connection was made that will bring this product."""
        self._derive_ticker = derive_ticker
        if run != self.epoch:
            self._begin_epoch(run)
            self._enter("syncing", "connected", receive_ns)
            return
        if self.state == "live":
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
            self.book.replace(event.bids, event.asks)
        except BookRefused as refused:
            self.doubt("upstream", str(refused), receive_ns)
            return str(refused)
        if self.book.crossed():
            self.doubt("upstream", "the venue's snapshot is crossed", receive_ns)
            return "the venue's snapshot is crossed"
        self._book_exchange_ns, self._book_receive_ns = event.exchange_ns, receive_ns
        self._make(
            "level2",
            "snapshot",
            Level2Snapshot(
                seq=self._next("level2"),
                ts_exchange=_time(event.exchange_ns),
                ts_receive=rfc3339(receive_ns),
                reason="subscribe" if self.state == "syncing" else "resync",
                bids=self.book.bids(),
                asks=self.book.asks(),
                src_seq=src_seq,
            ),
        )
        self._enter("live", "snapshot", receive_ns)
        return None

    def update(self, event: BookUpdate, receive_ns: int, src_seq: int | None) -> str | None:
        """Apply an update; return why that can't be, None where it is done or ignored."""
        if self.state != "live":
            self.updates_ignored_total += 1
            return None
        try:
            self.book.apply(event.changes)
        except BookRefused as refused:
            self._pending.clear()
            self.doubt("upstream", str(refused), receive_ns)
            return str(refused)
        self._book_exchange_ns, self._book_receive_ns = event.exchange_ns, receive_ns
        self._pending.append(
            Level2Update(
                seq=0,
                ts_exchange=_time(event.exchange_ns),
                ts_receive=rfc3339(receive_ns),
                changes=event.changes,
                src_seq=src_seq,
            )
        )
        return None

    def finish_frame(self, receive_ns: int) -> str | None:
        """Publish what the frame did; return why the book is no longer believed, or None."""
        pending, self._pending = self._pending, []
        if pending and self.book.crossed():
            self.doubt("upstream", "the book is crossed", receive_ns)
            self._traded = False
            return "the book is crossed"
        for update in pending:
            numbered = Level2Update(
                self._next("level2"),
                update.ts_exchange,
                update.ts_receive,
                update.changes,
                update.src_seq,
            )
            self._make("level2", "update", numbered)
        if self._derive_ticker:
            self._derive(receive_ns)
        self._traded = False
        return None

    # -- trades and ticker -------------------------------------------------------------

    def trade(self, event: Trade, receive_ns: int) -> None:
        """Publish a trade once, and whatever ids are missing before it as a gap.

        Source: Coinbase trade ids are +1 per product.
        """
        last = self._last_trade_id
        if last is not None and event.trade_id <= last:
            self.trades_repeated_total += 1
            return
        if last is not None and event.trade_id > last + 1:
            self._trades_missing(last + 1, event.trade_id - 1, receive_ns)
        self._last_trade_id = event.trade_id
        self._last_trade = (event.price, event.size)
        self._traded = True
        self._make(
            "trades",
            "trade",
            TradeEvent(
                seq=self._next("trades"),
                trade_id=event.trade_id,
                price=event.price,
                size=event.size,
                side=event.side,
                raw_side=event.raw_side,
                ts_exchange=_time(event.exchange_ns),
                ts_receive=rfc3339(receive_ns),
            ),
        )

    def recent_trades(self, event: RecentTrades, receive_ns: int) -> None:
        """Learn where trades stand; those the connection missed are a gap."""
        newest = max((trade.trade_id for trade in event.trades), default=None)
        if newest is None:
            return
        last = self._last_trade_id
        if last is not None and newest > last:
            self._trades_missing(last + 1, newest, receive_ns)
        self._last_trade_id = newest if last is None else max(last, newest)

    def ticker(self, event: Ticker, receive_ns: int) -> None:
        """Publish the venue's own ticker."""
        self._make(
            "ticker",
            "ticker",
            TickerEvent(
                seq=self._next("ticker"),
                ts_exchange=_time(event.exchange_ns),
                ts_receive=rfc3339(receive_ns),
                price=event.price,
                size=event.size,
                bid=event.bid,
                bid_size=event.bid_size,
                ask=event.ask,
                ask_size=event.ask_size,
                volume_24h=event.volume_24h,
                low_24h=event.low_24h,
                high_24h=event.high_24h,
                trade_id=event.trade_id,
            ),
        )

    def _derive(self, receive_ns: int) -> None:
        top = self.book.best()
        if self.state != "live" or (top == self._top and not self._traded):
            return
        self._top = top
        bid, ask = top
        price, size = self._last_trade
        self._make(
            "ticker",
            "ticker",
            TickerEvent(
                seq=self._next("ticker"),
                ts_exchange=_time(self._book_exchange_ns),
                ts_receive=rfc3339(receive_ns),
                price=price,
                size=size,
                bid=bid[0] if bid else None,
                bid_size=bid[1] if bid else None,
                ask=ask[0] if ask else None,
                ask_size=ask[1] if ask else None,
                trade_id=self._last_trade_id if price else None,
                derived=True,
            ),
        )

    # -- inside ------------------------------------------------------------------------

    def _begin_epoch(self, run: str) -> None:
        self.epoch = run
        self.state = "init"
        self.book = Book()
        self._pending.clear()
        self._seqs = dict.fromkeys(CHANNELS, 0)
        self._last_trade_id = None
        self._last_trade = (None, None)
        self._top = (None, None)

    def _break(
        self, state: BookState, cause: str, detail: str, receive_ns: int, missing: int | None = None
    ) -> None:
        self._pending.clear()
        self._make(
            "level2",
            "gap",
            Gap(
                seq=self._next("level2"),
                ts_receive=rfc3339(receive_ns),
                cause=cause,
                state=state,
                detail=detail,
                missing=missing,
            ),
        )
        self._enter(state, detail, receive_ns)

    def _trades_missing(self, from_id: int, to_id: int, receive_ns: int) -> None:
        self._make(
            "trades",
            "gap",
            Gap(
                seq=self._next("trades"),
                ts_receive=rfc3339(receive_ns),
                cause="upstream",
                state=self.state,
                missing=to_id - from_id + 1,
                from_id=from_id,
                to_id=to_id,
            ),
        )

    def _enter(self, state: BookState, reason: str, receive_ns: int) -> None:
        if state == self.state:
            return
        self.state = state
        event = StatusEvent(self._next("status"), state, reason, rfc3339(receive_ns))
        self._make("status", "status", event)

    def _next(self, channel: ChannelName) -> int:
        seq = self._seqs[channel] = self._seqs[channel] + 1
        return seq

    def _make(self, channel: ChannelName, kind: EventType, event: StreamEvent) -> None:
        self._out.append(Made(self.product, channel, kind, self.epoch, event))

    # -- checkpoint --------------------------------------------------------------------

    def checkpoint(self) -> ProductCheckpoint:
        """Return all that is needed to go on from here; not within a frame."""
        assert not self._pending
        return ProductCheckpoint(
            product=self.product,
            epoch=self.epoch,
            state=self.state,
            seqs=dict(self._seqs.items()),
            last_trade_id=self._last_trade_id,
            last_price=self._last_trade[0],
            last_size=self._last_trade[1],
            top=self._top,
            bids=self.book.bids(),
            asks=self.book.asks(),
            book_exchange_ns=self._book_exchange_ns,
            book_receive_ns=self._book_receive_ns,
        )

    @classmethod
    def restore(
        cls, saved: ProductCheckpoint, out: list[Made], *, derive_ticker: bool
    ) -> "ProductNormalizer":
        """Return the stream that `checkpoint` saved."""
        stream = cls(saved.product, out)
        stream.epoch = saved.epoch
        stream.state = saved.state
        stream.book.replace(saved.bids, saved.asks)
        stream._seqs = {channel: saved.seqs[channel] for channel in CHANNELS}
        stream._derive_ticker = derive_ticker
        stream._last_trade_id = saved.last_trade_id
        stream._last_trade = (saved.last_price, saved.last_size)
        stream._top = saved.top
        stream._book_exchange_ns = saved.book_exchange_ns
        stream._book_receive_ns = saved.book_receive_ns
        return stream


def _time(exchange_ns: int | None) -> str | None:
    return None if exchange_ns is None else rfc3339(exchange_ns)
