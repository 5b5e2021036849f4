"""A product's streams as a normalizer would number them, for tests of what reads NORM."""

from collections.abc import Sequence

from ledgerflux.core.book import Book, book_hash
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.events import Change, Level
from ledgerflux.model.stream import (
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
from ledgerflux.wire.norm import Batch, batches

TIME = "2024-01-02T03:04:05.000000006Z"
BIDS: list[Level] = [("100.5", "1"), ("100", "2.50")]
ASKS: list[Level] = [("101", "3"), ("102.25", "0.125")]


class Numbered:
    """One product: methods make the next event of a channel; `take` hands over batches.

    `books` is the hash of the true book after each level2 (epoch, seq) at which it is live.
    """

    def __init__(self, product: str = "BTC-USD", epoch: str = "run1") -> None:
        self.product = product
        self.epoch = epoch
        self.state = "init"
        self.book = Book()
        self.books: dict[tuple[str, int], str] = {}
        self.seqs: dict[ChannelName, int] = {"level2": 0, "trades": 0, "ticker": 0, "status": 0}
        self.trade_id = 0
        self.time = TIME
        self._made: list[Made] = []

    def take(self) -> list[Batch]:
        made, self._made = self._made, []
        return batches(made)

    def begin(self, epoch: str) -> "Numbered":
        self.epoch, self.book = epoch, Book()
        self.seqs = dict.fromkeys(self.seqs, 0)
        return self.status("syncing")

    def snapshot(self, bids: Sequence[Level] = BIDS, asks: Sequence[Level] = ASKS) -> "Numbered":
        self.book.replace(bids, asks)
        event = Level2Snapshot(
            seq=self._next("level2"),
            ts_exchange=TIME,
            ts_receive=TIME,
            reason="resync",
            bids=self.book.bids(),
            asks=self.book.asks(),
        )
        self._make("level2", "snapshot", event)
        return self._enter("live")

    def update(self, *changes: Change) -> "Numbered":
        made = list(changes) or [("buy", "99.5", "7")]
        self.book.apply(made)
        event = Level2Update(self._next("level2"), self.time, TIME, made)
        self._make("level2", "update", event)
        return self

    def gap(self, state: str = "suspect", *, missing: int | None = None) -> "Numbered":
        event = Gap(self._next("level2"), TIME, "upstream", state, "a hole", missing)
        self._make("level2", "gap", event)
        return self._enter(state)

    def trade(self, price: str = "100.75") -> "Numbered":
        self.trade_id += 1
        seq = self._next("trades")
        event = TradeEvent(seq, self.trade_id, price, "0.1", "buy", "SELL", self.time, TIME)
        self._make("trades", "trade", event)
        return self

    def trades_missing(self, count: int = 2) -> "Numbered":
        first, self.trade_id = self.trade_id + 1, self.trade_id + count
        event = Gap(
            self._next("trades"), TIME, "upstream", self.state, "", count, first, self.trade_id
        )
        self._make("trades", "gap", event)
        return self

    def ticker(self, price: str = "100.75") -> "Numbered":
        event = TickerEvent(
            self._next("ticker"), TIME, TIME, price, "1", "100", "1", "101", "1", derived=True
        )
        self._make("ticker", "ticker", event)
        return self

    def status(self, state: str, reason: str = "told") -> "Numbered":
        self.state = state
        self._make("status", "status", StatusEvent(self._next("status"), state, reason, TIME))
        return self

    def _enter(self, state: str) -> "Numbered":
        return self if state == self.state else self.status(state)

    def hash(self) -> str:
        return book_hash(self.book.bids(), self.book.asks())

    def saved(self) -> ProductCheckpoint:
        return ProductCheckpoint(
            product=self.product,
            epoch=self.epoch,
            state=self.state,  # type: ignore[arg-type]
            seqs=dict(self.seqs.items()),
            last_trade_id=self.trade_id or None,
            last_price=None,
            last_size=None,
            top=(None, None),
            bids=self.book.bids(),
            asks=self.book.asks(),
            book_exchange_ns=1_700_000_000_000_000_000,
            book_receive_ns=1_700_000_000_000_000_001,
        )

    def _next(self, channel: ChannelName) -> int:
        self.seqs[channel] += 1
        return self.seqs[channel]

    def _make(self, channel: ChannelName, kind: EventType, event: StreamEvent) -> None:
        self._made.append(Made(self.product, channel, kind, self.epoch, event))
        if channel == "level2" and kind != "gap":
            self.books[(self.epoch, event.seq)] = self.hash()


def partition_saved(
    *products: ProductCheckpoint, norm: tuple[int, int, int] = (0, 0, 1), partition: int = 0
) -> PartitionCheckpoint:
    """Return a checkpoint of `products` at the NORM (number, crc, stream sequence)."""
    return PartitionCheckpoint(
        partition=partition,
        venue="coinbase-exchange",
        run="run1",
        connection="c1",
        channels=["level2", "trades"],
        expected=None,
        raw_number=0,
        raw_crc=0,
        raw_sequence=0,
        norm_number=norm[0],
        norm_crc=norm[1],
        norm_sequence=norm[2],
        counts={},
        products=list(products),
    )
