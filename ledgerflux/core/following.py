"""How one client follows its streams: what is sent at once, what waits, what is made up for.

Streams stop at the outbox's mark, snapshots are made part by part as room appears, and what
follows them waits up to `waiting_bytes_max`. `wake` is called whenever there is something to
send.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from ledgerflux.core.frame import Frame, Replay
from ledgerflux.core.limits import Limits
from ledgerflux.core.outbox import Outbox
from ledgerflux.core.parting import SLOW, Close
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.telling import Replaced
from ledgerflux.core.throttling import Skipping, Throttled
from ledgerflux.core.wish import Reason


class Following(ABC):
    """The outbox of one client, and the subscriptions that are not up to date."""

    def __init__(self, speaker: Speaker, limits: Limits, wake: Callable[[], None]) -> None:
        self.outbox = Outbox(limits.outbox_bytes, limits.outbox_drained_bytes)
        self.ended = False
        self._speaker = speaker
        self._limits = limits
        self._wake = wake
        self._catching: dict[Subscription, None] = {}
        self._ahead: dict[Subscription, None] = {}
        self._newest: dict[Subscription, Frame] = {}
        self._skipping = Skipping()
        self._due: Close | None = None
        self.fell_behind_total = 0

    @abstractmethod
    def end(self, why: bytes | None, close: Close, *, at_once: bool = False) -> Close:
        """Queue the last messages; nothing is queued after them."""

    def replay(self, subscription: Subscription, position: Position, replay: Replay) -> None:
        """Go on at `position` with what `replay` has; an answer must be put at once."""
        subscription.go_on(position, replay)
        self._catching[subscription] = None

    def fed(self, subscription: Subscription) -> None:
        """Go on with a replay: more of it is here, or it broke off."""
        if subscription.replaying and not self.ended:
            self._catching[subscription] = None
            self._wake()

    def wait_for(self, subscription: Subscription, position: Position) -> None:
        """Go on at `position` once the stream comes there: the client was further elsewhere."""
        subscription.go_on(position)
        self._catching.pop(subscription, None)
        self._ahead[subscription] = None

    def miss(self, subscription: Subscription, position: Position) -> None:
        """Say what is not to be had after `position`, then the state; an answer is put at once."""
        subscription.go_on(position)
        subscription.fall_behind("resume", "subscribe")
        self._catching[subscription] = None

    def offer(self, subscription: Subscription, frame: Frame) -> None:
        """Queue `frame`, let it wait behind a snapshot, or fall behind."""
        if self.ended or subscription.has_in_replay(frame):
            return
        if subscription in self._ahead and self._known(subscription, frame):
            return
        if not self._gathered(subscription):
            return
        if subscription.live:
            if frame.newest:
                self._newest[subscription] = frame
                self._wake()
            elif self.outbox.above:
                self._fall_behind(subscription)
            else:
                newest = self._newest.pop(subscription, None)
                if newest is not None:
                    self.outbox.put(subscription.hand_out(newest))
                self.outbox.put(subscription.hand_out(frame))
                self._wake()
        elif not subscription.behind:
            waiting = sum(other.waiting_bytes for other in self._catching)
            if waiting + len(frame.payload) > self._limits.waiting_bytes_max:
                self._fall_behind(subscription)
            else:
                subscription.wait(frame)
        elif subscription.skips:
            self._tell(self._skipping.skip())

    def replace(self, subscription: Subscription, replaced: Replaced) -> None:
        """Send the stream's new book as a snapshot, or fall behind."""
        if self.ended or subscription.behind or not self._gathered(subscription):
            return
        if subscription in self._ahead:
            self._overtake(subscription)
            return
        prev_seq = replaced.before.seq
        room = not (subscription.live and self.outbox.above)
        if room and subscription.load(subscription.stream.snapshot(), replaced.reason, prev_seq):
            self._catching[subscription] = None
            self._fill()
            self._wake()
        else:
            self._fall_behind(subscription)

    def resync(self, subscription: Subscription, cause: str) -> None:
        """Say what the gateway itself could not follow, then the state as it is."""
        if not self.ended:
            self._newest.pop(subscription, None)
            if subscription in self._ahead:
                self._overtake(subscription)
            else:
                self._catch(cause, subscription, "resync")

    def take(self, size_bytes: int) -> list[bytes]:
        """Return the next messages to write, about `size_bytes`; nothing where there is none."""
        if self._catching:
            self._fill()
        messages = self.outbox.pop_up_to(size_bytes)
        if self._newest and not self.outbox.size:
            self._add_newest(messages, size_bytes)
        return messages

    @property
    def has_more(self) -> bool:
        """Say whether there is something to write."""
        return bool(self.outbox.size or self._catching or self._newest)

    def _add_newest(self, messages: list[bytes], size_bytes: int) -> None:
        """Add what is only sent as it is newest, while there is room."""
        room = size_bytes - sum(map(len, messages))
        for subscription, frame in list(self._newest.items()):
            room -= len(frame.payload)
            if messages and room < 0:
                return
            del self._newest[subscription]
            messages.append(subscription.hand_out(frame))

    def _fall_behind(self, subscription: Subscription) -> None:
        self.fell_behind_total += 1
        self._newest.pop(subscription, None)
        if subscription.on_slow == "disconnect":
            why = self._speaker.error("slow_consumer", f"{subscription.name} is not read in time")
            self._due = self.end(why, Close(SLOW, "slow_consumer"), at_once=True)
            return
        forgotten = subscription.fall_behind("slow_consumer", "slow")
        self._catching[subscription] = None
        self._tell(self._skipping.skip(1 + forgotten))

    def _gathered(self, subscription: Subscription) -> bool:
        """Let what is still replayed wait, before something that is no part of it."""
        if not subscription.replaying:
            return True
        loss = subscription.gather()
        self._catching[subscription] = None
        if subscription.live:
            del self._catching[subscription]
        waiting = sum(other.waiting_bytes for other in self._catching)
        if loss is None and waiting <= self._limits.waiting_bytes_max:
            return True
        cause, reason = loss or ("slow_consumer", "slow")
        if reason == "slow":
            self._fall_behind(subscription)
        else:  # the log could not be read that fast: the client is not slow
            subscription.fall_behind(cause, reason)
            self._catching[subscription] = None
            self._wake()
        return False

    def _known(self, subscription: Subscription, frame: Frame) -> bool:
        """Say whether `frame` is nothing for a client that was further elsewhere."""
        meets = subscription.meets(frame)
        if meets == "other":
            self._overtake(subscription, broken=frame.before == frame.after)
        elif meets == "here":
            del self._ahead[subscription]
        return meets != "here"

    def _overtake(self, subscription: Subscription, *, broken: bool = False) -> None:
        """Wait on where the stream may still come to the client's place; else begin anew."""
        if subscription.is_further and not broken:
            return
        del self._ahead[subscription]
        if subscription.is_further:
            subscription.position = None
        self._catch("resume", subscription)

    def _catch(self, cause: str, subscription: Subscription, reason: Reason = "subscribe") -> None:
        subscription.fall_behind(cause, reason)
        self._catching[subscription] = None
        self._fill()
        self._wake()

    def _tell(self, told: Throttled | None) -> None:
        if told is not None:
            self.outbox.put(self._speaker.throttled(told))
            self._wake()

    def _fill(self) -> None:
        """Bring subscriptions up to date, one after the other, while there is room."""
        outbox = self.outbox
        while self._catching and outbox.has_room:
            subscription = next(iter(self._catching))
            for message in subscription.advance(self._speaker):
                outbox.put(message)
            if subscription.live or subscription.awaits:
                del self._catching[subscription]
        if not self._catching:
            self._tell(self._skipping.settle())
