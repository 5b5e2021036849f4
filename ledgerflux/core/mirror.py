"""A client's side of the protocol: one stream as it was told, and whether that can be true.

The one rule: data applies iff its epoch is ours and its `prev_seq` is our `seq`; a gap iff
it begins at `seq` + 1. A snapshot replaces the book; only the answer to a subscription may
do so from anywhere. What breaks the rule is a loss nobody announced.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from ledgerflux.core.book import Book, BookRefused
from ledgerflux.core.book_checksum import BookChecksum
from ledgerflux.core.snapshot import Position
from ledgerflux.model.events import Change, Level

FREE_REASONS = ("subscribe", "requested", "latest")


class Verdict(Enum):
    """What a message means to its stream."""

    APPLIED = "applied"
    REPEATED = "repeated"
    """Known already: ignored."""
    BROKEN = "broken"
    """It does not continue what is known: something was lost unannounced."""


class Mirror:
    """One (product, channel); for level2 also its book.

    `position` is None before the subscription; `state` and `integrity` are the server's
    words for the book. The book is `whole` from the last part of a snapshot to the next gap.
    After BROKEN nothing applies until a snapshot or `begin`.
    """

    __slots__ = (
        "_checksum",
        "_held",
        "_loading",
        "_parts",
        "book",
        "broken",
        "integrity",
        "position",
        "state",
        "ts_exchange",
        "ts_receive",
        "whole",
        "why",
    )

    def __init__(self, position: Position | None = None) -> None:
        self.position = position
        self.book = Book()
        self.state = "init"
        self.integrity = "none"
        self.ts_exchange: str | None = None
        self.ts_receive: str | None = None
        self.broken = False
        self.whole = False
        self.why = ""
        self._loading: tuple[list[Level], list[Level]] | None = None
        self._held: tuple[str, bool] | None = None
        self._parts = 0
        self._checksum: BookChecksum | None = None

    def begin(self, position: Position) -> None:
        """A subscription was granted: the next message continues `position`."""
        self.position = position
        self.state = "init"
        self.broken = self.whole = False
        self._loading = self._held = None

    def lose(self) -> None:
        """The connection ended: the book is as old as its last message."""
        if self._held is None and self._loading is None and not self.broken:
            self._held = (self.state, self.whole)
        self.state = "stale"
        self.whole = False
        self._loading = None

    def can_go_on(self, *, book: bool) -> bool:
        """Say whether what the connection that ended told, a live `book` at that, can go on."""
        return self._held is not None and (self._held == ("live", True) or not book)

    def go_on(self, position: Position) -> bool:
        """The next message continues what was lost; False where that ended elsewhere."""
        if self._held is None or position != self.position:
            return False
        (self.state, self.whole), self._held = self._held, None
        return True

    @property
    def live(self) -> bool:
        """Say whether the book may be believed: whole, unbroken and `live`."""
        return self.whole and not self.broken and self.state == "live"

    def data(self, epoch: str, prev_seq: int, seq: int) -> Verdict:
        """Judge a data message and move to its end."""
        at = self.position
        if self.broken or at is None or epoch != at.epoch or self._loading is not None:
            return self._break(f"{epoch}/{prev_seq}..{seq} does not continue {_text(at)}")
        if prev_seq == at.seq:
            self.position = Position(epoch, seq)
            return Verdict.APPLIED
        if seq <= at.seq:
            return Verdict.REPEATED
        return self._break(f"{prev_seq}..{seq} does not continue {_text(at)}")

    def leap(self, epoch: str, seq: int) -> Verdict:
        """Move to where a message takes the stream from anywhere: it is the whole state."""
        self.position, self.broken = Position(epoch, seq), False
        return Verdict.APPLIED

    def prove(self, checksum: int) -> Verdict:
        """Hold a whole book to the server's checksum of it."""
        if self._checksum is None:
            self._checksum = BookChecksum(self.book)
        if self._checksum.value() != checksum:
            return self._break(f"the book at {_text(self.position)} has another checksum")
        return Verdict.APPLIED

    def update(
        self, epoch: str, prev_seq: int, seq: int, changes: Iterable[Iterable[Change]]
    ) -> Verdict:
        """Judge a level2 update and apply each event's changes."""
        verdict = self.data(epoch, prev_seq, seq)
        if verdict is Verdict.APPLIED:
            try:
                for happened in changes:
                    event = list(happened)
                    self.book.apply(event)
                    if self._checksum is not None:
                        self._checksum.update(event)
            except BookRefused as refused:
                return self._break(str(refused))
        return verdict

    def gap(self, epoch: str, from_seq: int, to_seq: int, state: str) -> Verdict:
        """Judge a gap: its range carries no data, an unfinished snapshot will not be finished."""
        at = self.position
        if self.broken or at is None:
            return self._break(f"a gap at {from_seq} before a subscription")
        if epoch != at.epoch:
            if from_seq != 1:
                return self._break(f"a gap from {from_seq} begins epoch {epoch}")
        elif to_seq < at.seq:
            return Verdict.REPEATED
        elif from_seq != at.seq + 1:
            return self._break(f"a gap from {from_seq} does not continue {_text(at)}")
        self.position = Position(epoch, to_seq)
        self.state = state
        self.whole = False
        self._loading = None
        return Verdict.APPLIED

    def snapshot(
        self,
        place: Position,
        prev_seq: int | None,
        reason: str,
        part: tuple[int, int],
        levels: tuple[Sequence[Level], Sequence[Level]],
    ) -> Verdict:
        """Judge one part (number, of how many) of a book; the last one replaces what was known."""
        number, parts = part
        if number == 1:
            if not self._may_start(place, prev_seq, reason):
                return self._break(f"a snapshot at {_text(place)} after {_text(self.position)}")
            self.position, self.broken, self.whole = place, False, False
            self._loading, self._parts = ([], []), 1
        elif self._loading is None or place != self.position or number != self._parts + 1:
            return self._break(f"part {number} of a snapshot at {_text(place)} is out of order")
        else:
            self._parts = number
        bids, asks = self._loading
        bids.extend(levels[0])
        asks.extend(levels[1])
        return self._finish(bids, asks) if number == parts else Verdict.APPLIED

    def _may_start(self, place: Position, prev_seq: int | None, reason: str) -> bool:
        at = self.position
        if at is None or self.broken or reason in FREE_REASONS:
            return True
        return at == Position(place.epoch, place.seq if prev_seq is None else prev_seq)

    def _finish(self, bids: Sequence[Level], asks: Sequence[Level]) -> Verdict:
        self._loading = None
        try:
            self.book.replace(bids, asks)
            self._checksum = None
        except BookRefused as refused:
            return self._break(str(refused))
        self.whole = True
        return Verdict.APPLIED

    def _break(self, why: str) -> Verdict:
        self.broken = True
        self.why = why
        return Verdict.BROKEN


def _text(position: Position | None) -> str:
    return "nothing" if position is None else f"{position.epoch}/{position.seq}"
