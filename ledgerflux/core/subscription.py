"""One client's view of one stream: what it has been told, and what it must be told next.

States, and what moves between them::

    BEHIND --room--> (gap, snapshot or latest) --> LOADING --all sent--> LIVE
    LIVE   --a new book--> LOADING     LIVE --no room--> BEHIND
    LOADING --too much waits--> BEHIND     REPLAYING --the head is reached--> LIVE
    BEHIND --room, `on_slow` is gap--> (gap) --> LIVE

While BEHIND nothing is kept; while LOADING what follows the snapshot waits in order; while
REPLAYING it is where the rest of the replay is.
"""

from collections import deque
from collections.abc import Iterator
from typing import Literal

from ledgerflux.core.frame import Frame, Replay, StreamKey, Whole
from ledgerflux.core.loading import Loading
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.speaker import Followed, Speaker
from ledgerflux.core.telling import Missing
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.wish import OnSlow, Reason, on_slow_of
from ledgerflux.model.stream import ChannelName

SNAPSHOTS_WAITING_MAX = 2
RETAKES_MAX = 3
"""Snapshots of one subscription given up in a row before its client counts as too slow."""


NOTHING: deque[Frame | Loading] = deque(maxlen=0)
"""Waits for everybody who waits for nothing: an empty deque of one's own takes 760 bytes."""


class Subscription:
    """Of one (product, channel). `position` is where everything handed out takes the client.

    It is None before the first snapshot of a level2 subscription: then there is nothing a
    gap could be counted from.
    """

    __slots__ = (
        "_cause",
        "_lost",
        "_lost_book",
        "_reason",
        "_replay",
        "_retakes",
        "_waiting",
        "channel",
        "on_slow",
        "position",
        "stream",
        "terms",
        "waiting_bytes",
    )

    def __init__(
        self,
        stream: Followed,
        channel: ChannelName,
        position: Position | None,
        terms: Terms = WHOLE,
        on_slow: OnSlow | None = None,
    ) -> None:
        self.stream = stream
        self.terms = terms
        self.channel: ChannelName = channel
        self.position = position
        self.on_slow: OnSlow = on_slow_of(channel, on_slow)
        self.waiting_bytes = 0
        self._waiting: deque[Frame | Loading] = NOTHING
        self._lost = False
        self._lost_book = False
        self._cause = ""
        self._reason: Reason = "slow"
        self._retakes = 0
        self._replay: Replay | None = None

    @property
    def whole(self) -> Whole:
        """Return its channel and product: a client has one of each."""
        return self.channel, self.stream.product

    @property
    def key(self) -> StreamKey:
        """Return which stream it is of."""
        return self.channel, self.stream.product, self.terms

    @property
    def name(self) -> str:
        """Return its stream in words."""
        return f"{self.channel} of {self.stream.product}"

    @property
    def skips(self) -> bool:
        """Say whether what its stream tells is left out because the client is slow."""
        return self._lost and self._reason == "slow"

    @property
    def live(self) -> bool:
        """Say whether a frame may go straight out."""
        return not self._lost and not self._waiting and self._replay is None

    @property
    def replaying(self) -> bool:
        """Say whether it goes on where another connection ended, and is not at the head yet."""
        return self._replay is not None

    @property
    def whole_up_to_here(self) -> bool:
        """Say whether nothing at all is left out or under way up to `position`."""
        if self._lost:
            return not self._lost_book
        return self.live or self.replaying

    @property
    def awaits(self) -> bool:
        """Say whether there is nothing to hand out until more of the replay is here."""
        return self._replay is not None and self._replay.awaits

    @property
    def behind(self) -> bool:
        """Say whether it waits for room to be brought up to date."""
        return self._lost

    @property
    def hopeless(self) -> bool:
        """Say whether its snapshots are given up again and again."""
        return self._retakes >= RETAKES_MAX

    def fall_behind(self, cause: str, reason: Reason) -> int:
        """Forget what waits, and return how many frames that were.

        A gap (of `cause`) comes next, and the state as it is then, if `on_slow` wants it or
        a book was on its way.
        """
        books = sum(isinstance(item, Loading) for item in self._waiting)
        frames = len(self._waiting) - books
        self._retakes += books > 0
        self._lost = True
        self._lost_book = books > 0
        # Who was sent no book yet is told the first one as such, whatever came between.
        self._cause, self._reason = cause, "subscribe" if self.position is None else reason
        self._waiting = NOTHING
        self._replay = None
        self.waiting_bytes = 0
        return frames

    def go_on(self, position: Position, replay: Replay | None = None) -> None:
        """Continue `position`, with what `replay` has of it first; nothing else is owed."""
        self._lost = False
        self.position, self._replay = position, replay

    def has_in_replay(self, frame: Frame) -> bool:
        """Say whether `frame` comes in its turn."""
        return self._replay is not None and self._replay.has(self.whole, frame)

    def goes_on_with(self, replay: Replay) -> bool:
        """Say whether it is `replay` that comes next."""
        return self._replay is replay

    def leave(self) -> None:
        """Be told nothing more, whoever still reads for it."""
        self._replay = None

    def gather(self) -> tuple[str, Reason] | None:
        """Let the rest of the replay wait; return the cause and reason of what is not there."""
        replay, at = self._replay, self.position
        assert replay is not None
        assert at is not None
        self._replay, loss = None, replay.loss
        while (frame := replay.next(self.whole, at)) is not None:
            self.wait(frame)
            at = frame.after
        return None if at == replay.head(self.whole) else loss

    @property
    def is_further(self) -> bool:
        """Say whether the stream may still come to where the client is."""
        at, now = self.position, self.stream.position(self.channel)
        return at is not None and now.epoch in ("", at.epoch) and now.seq <= at.seq

    def meets(self, frame: Frame) -> Literal["known", "here", "other"]:
        """Say what `frame` is to a client that was further elsewhere."""
        at, before, after = self.position, frame.before, frame.after
        assert at is not None
        if before is None:
            return "known" if after.epoch == at.epoch else "here"
        if before == after:
            return "other" if self.channel == "level2" else "known"
        if before == at:
            return "here"
        return "known" if after.epoch == at.epoch and after.seq <= at.seq else "other"

    def hand_out(self, frame: Frame) -> bytes:
        """Return the bytes of `frame`, which goes straight out."""
        assert frame.before is None or frame.before == self.position, (frame.before, self.position)
        self.position = frame.after
        return frame.payload

    def wait(self, frame: Frame) -> None:
        """Keep `frame` until what is before it has gone out."""
        self._keep(frame)
        self.waiting_bytes += len(frame.payload)

    def load(self, snapshot: Snapshot, reason: Reason, prev_seq: int | None) -> bool:
        """Send `snapshot` next; return False where too many wait already."""
        if sum(isinstance(item, Loading) for item in self._waiting) >= SNAPSHOTS_WAITING_MAX:
            return False
        self._keep(Loading(snapshot, reason, prev_seq))
        return True

    def _keep(self, item: Frame | Loading) -> None:
        if not self._waiting:
            self._waiting = deque()
        self._waiting.append(item)

    def renew(self) -> None:
        """Send the book as it is after what waits; where one is on its way, that one counts."""
        if not self._lost:
            self.load(self.stream.snapshot(), "requested", None)
        elif self.on_slow == "gap":
            self._lost_book = True

    def advance(self, speaker: Speaker) -> Iterator[bytes]:
        """Yield the next step's messages: a gap and what follows it, one part, or one frame."""
        if self._lost:
            yield from self._catch_up(speaker)
            return
        if self._replay is not None:
            yield from self._replayed(self._replay)
            return
        item = self._waiting[0]
        if isinstance(item, Frame):
            self._waiting.popleft()
            self.waiting_bytes -= len(item.payload)
            yield self.hand_out(item)
        else:
            yield self._next_part(item, speaker)
        if not self._waiting:
            self._waiting = NOTHING
            self._retakes = 0

    def _replayed(self, replay: Replay) -> Iterator[bytes]:
        assert self.position is not None
        frame = replay.next(self.whole, self.position)
        if frame is not None:
            yield self.hand_out(frame)
        if self.position == replay.head(self.whole):
            self._replay = None
        elif frame is None and not replay.awaits:
            self.fall_behind(*replay.loss)

    def _next_part(self, loading: Loading, speaker: Speaker) -> bytes:
        self.position = loading.snapshot.position
        part = loading.next_part(speaker)
        if loading.complete:
            self._waiting.popleft()
        return part

    def _catch_up(self, speaker: Speaker) -> Iterator[bytes]:
        self._lost = False
        stream = self.stream
        if self._gap_is_enough():
            yield from self._gap(stream.position(self.channel), speaker, bare=True)
            return
        if self.channel == "level2":
            snapshot = stream.snapshot()
            yield from self._gap(snapshot.position, speaker)
            self.load(snapshot, self._reason, None)
            return
        if self.channel == "candles":
            yield from self._bars(speaker)
            return
        latest = None if self.channel == "trades" else stream.latest(self.channel)
        if latest is None:
            yield from self._gap(stream.position(self.channel), speaker)
            return
        position, event = latest
        was = self.position
        if was is not None and was.epoch == position.epoch and was.seq >= position.seq > 0:
            yield self._say_gap(was, was, speaker)  # nothing new but, it may be, the state
            return
        yield from self._gap(Position(position.epoch, max(0, position.seq - 1)), speaker)
        self.position = position
        yield speaker.latest(stream, self.channel, position, event, max(0, position.seq - 1))

    def _bars(self, speaker: Speaker) -> Iterator[bytes]:
        """Send the bars known; they are beside the seqs, so that nothing is left to continue."""
        stream = self.stream
        position, latest = stream.position(self.channel), stream.latest(self.channel)
        yield from self._gap(position, speaker)
        if latest is not None:
            yield speaker.candles(stream, self.terms.interval, position, latest[1], position.seq)

    def _gap_is_enough(self) -> bool:
        """Say whether the client goes on without the state; not into an epoch it knows not."""
        was = self.position
        slow = self._reason == "slow" and self.on_slow == "gap" and not self._lost_book
        return slow and was is not None and was.epoch == self.stream.position(self.channel).epoch

    def _gap(self, upto: Position, speaker: Speaker, *, bare: bool = False) -> Iterator[bytes]:
        """Say what is left out between the client's position and `upto`, if anything."""
        was, self.position = self.position, upto
        if was is not None and upto != was:
            yield self._say_gap(was, upto, speaker, bare=bare)

    def _say_gap(
        self, was: Position, upto: Position, speaker: Speaker, *, bare: bool = False
    ) -> bytes:
        same = was.epoch == upto.epoch
        return speaker.gap(
            self.stream,
            Missing(
                self.channel,
                upto.epoch,
                was.seq + 1 if same else 1,
                upto.seq,
                self._cause if same else "epoch",
                self.stream.state,
                next="live" if bare else None,
            ),
        )
