"""Streams that tell less than everything: a part of the book, or one state for many events.

A variant of a (product, channel) has the same `seq` as the whole stream, leaves numbers out and
says so: `prev_seq` is the last one it told. Everybody who asks for the same variant shares it.
"""

from typing import Any, Protocol

from ledgerflux.core.frame import Frame
from ledgerflux.core.full_view import FullView
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.telling import Missing, Replaced, Said, Telling
from ledgerflux.core.terms import Terms
from ledgerflux.core.top_view import Levels, TopView
from ledgerflux.model.events import Change
from ledgerflux.model.stream import ChannelName, Level2Update


class View(Protocol):
    """The levels as they were told."""

    def update(self, changes: list[Change]) -> list[Change]:
        """Return what changes of the book change of it at once."""
        ...

    def refresh(self) -> list[Change]:
        """Return what is to be told to bring it up to date."""
        ...

    def levels(self) -> Levels:
        """Return the levels."""
        ...

    def checksum(self) -> int:
        """Return their checksum."""
        ...


class _Variant:
    """What all variants are to a subscription: a stream with a place of its own."""

    def __init__(
        self, stream: ProductStream, channel: ChannelName, terms: Terms, speaker: Speaker
    ) -> None:
        self.terms = terms
        self.channel: ChannelName = channel
        self.at = stream.position(channel)
        self._stream = stream
        self._speaker = speaker

    @property
    def venue(self) -> str:
        """Return the venue."""
        return self._stream.venue

    @property
    def product(self) -> str:
        """Return the product."""
        return self._stream.product

    @property
    def publish_ns(self) -> int:
        """Return when its newest record was published."""
        return self._stream.publish_ns

    @property
    def state(self) -> str:
        """Return the book's state."""
        return self._stream.state

    def keeps(self, epoch: str, seq: int) -> bool:  # noqa: ARG002 - whatever is asked for
        """Return False: trades have no variants."""
        return False

    def position(self, channel: ChannelName) -> Position:
        """Return up to where it was told."""
        assert channel == self.channel
        return self.at

    def _now(self) -> Position:
        return self._stream.position(self.channel)

    def _missed(self, missing: Missing) -> tuple[Position | None, Missing]:
        """Stand after a gap; return where that is from, and the gap with what was left out."""
        begins = missing.cause == "epoch"
        before = None if begins else self.at
        self.at = Position(missing.epoch, missing.to_seq)
        if not begins and before is not None:
            missing = missing._replace(from_seq=before.seq + 1)
        return before, missing


class BookVariant(_Variant):
    """Some levels of a book, or a book told now and then."""

    def __init__(self, stream: ProductStream, terms: Terms, speaker: Speaker) -> None:
        super().__init__(stream, "level2", terms, speaker)
        self._view = self._view_now()
        self._told: list[dict[str, Any]] = []
        self._newest: Level2Update | None = None
        self._told_state = ""
        self._snapshot: Snapshot | None = None

    def begin(self) -> None:
        """The book is another: what was not told of the old one will not be."""
        self._view = self._view_now()
        self._told, self._newest, self._snapshot = [], None, None

    def see(self, update: Level2Update) -> None:
        """Take one update that the book has by now."""
        self._newest = update
        if self.terms.conflate == "none" or self.terms.depth == "full":
            changes = self._view.update(update.changes)
            if changes:
                self._told.append(_element(update, changes, update.seq))

    def tell(self, telling: Telling) -> Frame | Replaced | None:
        """Return what its followers must be told now."""
        if self.terms.conflate == "latest":
            return self._tell_state(force=not isinstance(telling, Said))
        if isinstance(telling, Said):
            return self._update(self._told) if self.terms.conflate == "none" else None
        if isinstance(telling, Missing):
            if telling.cause != "epoch":
                self.begin()
            before_gap, missing = self._missed(telling)
            return Frame(before_gap, self.at, self._speaker.gap(self, missing))
        self.begin()
        before, self.at = self.at, self._now()
        return Replaced(before, telling.reason)

    def tick(self) -> Frame | None:
        """Return what happened since it was told last, in one."""
        newest = self._newest
        if newest is None:
            return None
        changes = self._view.refresh()
        return self._update([_element(newest, changes)] if changes else [])

    def reset(self) -> None:
        """The stream became another."""
        self.begin()
        self.at = self._now()

    def snapshot(self) -> Snapshot:
        """Return the levels as they were told; the same object until they change."""
        kept, standing = self._snapshot, self._stream.standing()
        if kept is None or kept.position != self.at or kept.standing.state != standing.state:
            bids, asks = self._view.levels()
            kept = self._snapshot = Snapshot(
                self.venue, self.product, self.at, standing, bids, asks, self.terms.depth
            )
        return kept

    def latest(self, channel: ChannelName) -> None:
        """Return nothing: a book has a snapshot."""

    def _view_now(self) -> View:
        book, depth = self._stream.book, self.terms.depth
        return FullView(book) if depth == "full" else TopView(book, depth)

    def _update(self, elements: list[dict[str, Any]]) -> Frame | None:
        self._told, self._newest = [], None
        if not elements:
            return None
        before, self.at = self.at, self._now()
        message = self._speaker.changes(self, before, self.at, elements, self._view.checksum())
        return Frame(before, self.at, message)

    def _tell_state(self, *, force: bool) -> Frame | None:
        """Return the levels as they are now, where they or their state changed."""
        changed = self._view.refresh()
        self._newest = None
        if not (changed or force or self.state != self._told_state):
            return None
        self.at, self._told_state = self._now(), self.state
        message = self._speaker.part(self.snapshot(), 1, "latest", None)
        return Frame(None, self.at, message, newest=True)


class TickerVariant(_Variant):
    """A ticker told now and then."""

    def __init__(self, stream: ProductStream, terms: Terms, speaker: Speaker) -> None:
        super().__init__(stream, "ticker", terms, speaker)
        self._event = self._event_now()

    def tell(self, telling: Telling) -> Frame | None:
        """Return what its followers must be told now."""
        if isinstance(telling, Missing):
            self._event = None
            before, missing = self._missed(telling)
            return Frame(before, self.at, self._speaker.gap(self, missing))
        if self.terms.conflate != "latest":
            return None
        return self._tell_event(None)

    def tick(self) -> Frame | None:
        """Return the newest ticker, where there was one since it was told last."""
        return None if self._now() == self.at else self._tell_event(self.at)

    def reset(self) -> None:
        """The stream became another."""
        self.at, self._event = self._now(), self._event_now()

    def snapshot(self) -> Snapshot:
        """Return the book, which no follower of a ticker asks for."""
        return self._stream.snapshot()

    def latest(self, channel: ChannelName) -> tuple[Position, bytes] | None:
        """Return position and JSON of the newest event told."""
        assert channel == self.channel
        return None if self._event is None else (self.at, self._event)

    def _event_now(self) -> bytes | None:
        found = self._stream.latest("ticker")
        return None if found is None else found[1]

    def _tell_event(self, before: Position | None) -> Frame:
        """Return the newest ticker after `before`; without it, from anywhere: only it counts."""
        event = self._event = self._event_now()
        assert event is not None, "a ticker was said"
        self.at = self._now()
        prev_seq = None if before is None else before.seq
        message = self._speaker.latest(self, "ticker", self.at, event, prev_seq)
        return Frame(before, self.at, message, newest=before is None)


def _element(update: Level2Update, changes: list[Change], seq: int | None = None) -> dict[str, Any]:
    element = {"ts_exchange": update.ts_exchange, "ts_receive": update.ts_receive}
    return {**({} if seq is None else {"seq": seq}), **element, "changes": changes}
