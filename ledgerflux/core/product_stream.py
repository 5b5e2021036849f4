"""One product as a gateway holds it: its book, and where each channel stands.

What the log says goes in batch by batch; out comes what its subscribers must be told.
States of the book are the normalizer's words; only a snapshot makes it `live` again::

    init --snapshot--> live --gap--> Gap.state --snapshot--> live
    any  --status----> StatusEvent.state
    any  --epoch-----> init           (another run of the source: every seq starts anew)
    any  --lose------> stale          (the log could not be followed, see `restore`)

A live or halted book is `stale` for clients from `doubt` to `trust`.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from ledgerflux.core.batch_events import (
    RAWS,
    SNAPSHOTS,
    STATUSES,
    UPDATES,
    losses,
    out_of_order,
    read,
)
from ledgerflux.core.book import Book, BookRefused
from ledgerflux.core.book_checksum import BookChecksum
from ledgerflux.core.candles import Candles
from ledgerflux.core.snapshot import START, Position, Snapshot, Standing
from ledgerflux.core.telling import BatchView, Heads, Missing, Replaced, Said, Telling
from ledgerflux.core.trade_ring import TradeRing
from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import ProductCheckpoint
from ledgerflux.model.events import Level
from ledgerflux.model.stream import CHANNELS, ChannelName, Level2Update
from ledgerflux.model.units import rfc3339

BELIEVED = ("live", "halted")
"""States in which clients hold a book for right."""


class Watcher(Protocol):
    """Whoever takes part in every update of a book."""

    def begin(self) -> None:
        """The book is empty: a new epoch begins."""
        ...

    def see(self, update: Level2Update) -> None:
        """Take an update that the book has by now."""
        ...


class ProductStream:
    """One (venue, product): applies batches in order and knows the latest of everything."""

    def __init__(self, venue: str, product: str, *, integrity: str, integrity_rule: str) -> None:
        self.venue = venue
        self.product = product
        self.integrity = integrity
        self.integrity_rule = integrity_rule
        self.book = Book()
        self.trades = TradeRing()
        self.candles = Candles()
        self.publish_ns = 0
        self.watchers: list[Watcher] = []
        """Those who take every update after the book."""
        self._checksum: BookChecksum | None = None
        self._state: str = "init"
        self._doubted = False
        self._positions: dict[ChannelName, Position] = dict.fromkeys(CHANNELS, START)
        self._ts_exchange: str | None = None
        self._ts_receive: str | None = None
        self._ticker: bytes | None = None
        self._reason = ""
        self._status_receive: str | None = None
        self._snapshot: Snapshot | None = None

    @property
    def state(self) -> str:
        """Return the book's state; `stale` where it is what it was only as far as anybody knows."""
        return "stale" if self._doubted and self._state in BELIEVED else self._state

    @property
    def doubted(self) -> bool:
        """Say whether nobody is heard of who keeps the book right."""
        return self._doubted

    def position(self, channel: ChannelName) -> Position:
        """Return where `channel` stands."""
        return self._positions[channel]

    def heads(self) -> Heads:
        """Return where the product stands."""
        level2, trades = self._positions["level2"], self._positions["trades"]
        return Heads(level2.epoch, level2.seq, trades.seq, self.state, self.integrity)

    @property
    def has_book(self) -> bool:
        """Say whether there is a book at all, right or not."""
        return self.state in BELIEVED or self.book.best() != (None, None)

    def keeps(self, epoch: str, seq: int) -> bool:
        """Say whether its trades from `seq` on are kept."""
        return self.trades.holds(epoch, seq)

    def standing(self) -> Standing:
        """Return what there is to say of the book besides its levels."""
        return Standing(
            self.state,
            self.integrity,
            self.integrity_rule,
            self._ts_exchange,
            self._ts_receive,
            self.publish_ns,
        )

    def checksum(self) -> int:
        """Return the checksum of the book; kept up to date from the first time it is asked for."""
        if self._checksum is None:
            self._checksum = BookChecksum(self.book)
        return self._checksum.value()

    def snapshot(self) -> Snapshot:
        """Return the book as it stands; the same object until it changes."""
        standing = self.standing()
        kept, position = self._snapshot, self._positions["level2"]
        if kept is None or kept.position != position or kept.standing.state != self.state:
            kept = Snapshot(
                self.venue, self.product, position, standing, self.book.bids(), self.book.asks()
            )
            self._snapshot = kept
        return kept

    def latest(self, channel: ChannelName) -> tuple[Position, bytes] | None:
        """Return the position and JSON of the newest event of `ticker` or `status`.

        A status is always known; a ticker only once there was one (else None).
        """
        position = self._positions[channel]
        if channel == "ticker":
            return None if self._ticker is None else (position, self._ticker)
        event = {
            "seq": position.seq,
            "state": self._state,
            "reason": self._reason,
            "ts_receive": self._status_receive,
        }
        return position, msgspec.json.encode(event)

    def apply(self, batch: BatchView, publish_ns: int) -> list[Telling]:
        """Take the next batch of this product; return what its subscribers must be told.

        Raises:
            LogError: It does not continue its stream (`log_incomplete`, `log_regressed`), or
                can't be read (`log_corrupt`).
        """
        self.publish_ns = publish_ns
        told: list[Telling] = []
        channel = batch.channel
        if batch.epoch != self._positions[channel].epoch:
            self._begin_epoch(batch.epoch, told)
        before = self._positions[channel]
        if batch.first_seq != before.seq + 1:
            raise out_of_order(batch, before)
        self._positions[channel] = Position(batch.epoch, batch.last_seq)
        match channel:
            case "level2" if batch.type == "snapshot":
                self._apply_snapshot(batch)
                told.append(Replaced(before, "resync" if before.seq else "epoch"))
            case "level2" if batch.type == "update":
                self._apply_update(batch)
                told.append(Said(batch))
            case "level2" | "trades" if batch.type == "gap":
                self._missing(batch, told)
            case "ticker":
                self._ticker = bytes(read(RAWS, batch)[-1])
                told.append(Said(batch))
            case "status":
                self._apply_status(batch)
                told.append(Said(batch))
            case "trades" if batch.type == "trade":
                told.append(Said(batch))
            case _:
                raise LogError(f"{self.product}: no events {batch.type!r} in {channel}")
        if channel == "trades":
            events = [bytes(event) for event in read(RAWS, batch)]
            self.trades.add(self._positions[channel], events, gap=batch.type == "gap")
            self.candles.add(self._positions[channel], batch.body, gap=batch.type == "gap")
        return told

    def lose(self) -> None:
        """Say that the log could not be followed: the book is `stale` until `restore`."""
        self._state = "stale"

    def doubt(self) -> bool:
        """Nobody is heard of who keeps the book right; return whether that changes its state."""
        before, self._doubted = self.state, True
        return self.state != before

    def trust(self) -> bool:
        """Those who keep the book right are heard of; return whether that changes its state."""
        before, self._doubted = self.state, False
        return self.state != before

    def restore(self, saved: ProductCheckpoint | None) -> None:
        """Become what a checkpoint holds; with None, know nothing again.

        Raises:
            LogError: Its levels can be no book (`log_corrupt`).
        """
        self._renew()
        self._positions = dict.fromkeys(CHANNELS, START)
        self._ticker = self._ts_exchange = self._ts_receive = self._snapshot = None
        if saved is None:
            self.trades.begin(START)
            self.candles.begin(START)
            return
        self._replace(saved.bids, saved.asks)
        self._state = saved.state
        self._positions = {name: Position(saved.epoch, saved.seqs[name]) for name in CHANNELS}
        self.trades.begin(self._positions["trades"])
        self.candles.begin(self._positions["trades"])
        if saved.book_receive_ns:
            self._ts_receive = rfc3339(saved.book_receive_ns)
        if saved.book_exchange_ns is not None:
            self._ts_exchange = rfc3339(saved.book_exchange_ns)

    def _begin_epoch(self, epoch: str, told: list[Telling]) -> None:
        """Start every channel anew, and say so in each."""
        self._renew()
        self._ticker = self._ts_exchange = self._ts_receive = None
        self._positions = dict.fromkeys(CHANNELS, Position(epoch, 0))
        for watcher in self.watchers:
            watcher.begin()
        self.trades.begin(Position(epoch, 0))
        self.candles.begin(Position(epoch, 0))
        told.extend(Missing(name, epoch, 1, 0, "epoch", self.state) for name in CHANNELS)

    def _renew(self) -> None:
        self.book = Book()
        self._checksum = None
        self._state = "init"

    def _apply_snapshot(self, batch: BatchView) -> None:
        newest = read(SNAPSHOTS, batch)[-1]
        self._replace(newest.bids, newest.asks)
        self._ts_exchange, self._ts_receive = newest.ts_exchange, newest.ts_receive
        self._state = "live"

    def _apply_update(self, batch: BatchView) -> None:
        updates = read(UPDATES, batch)
        try:
            for update in updates:
                self.book.apply(update.changes)
                self._show(update)
        except BookRefused as error:
            raise self._corrupt(str(error)) from error
        self._ts_exchange, self._ts_receive = updates[-1].ts_exchange, updates[-1].ts_receive

    def _show(self, update: Level2Update) -> None:
        if self._checksum is not None:
            self._checksum.update(update.changes)
        for watcher in self.watchers:
            watcher.see(update)

    def _replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        self._checksum = None
        try:
            self.book.replace(bids, asks)
        except BookRefused as error:
            raise self._corrupt(str(error)) from error

    def _missing(self, batch: BatchView, told: list[Telling]) -> None:
        missed = losses(batch)
        if batch.channel == "level2":
            self._state = missed[-1].state
            self.candles.interrupt()
        told.extend(missed)

    def _apply_status(self, batch: BatchView) -> None:
        newest = read(STATUSES, batch)[-1]
        self._state, self._reason = newest.state, newest.reason
        self._status_receive = newest.ts_receive

    def _corrupt(self, why: str) -> LogError:
        return LogError(f"{self.product}: events of the log can't be applied: {why}")
