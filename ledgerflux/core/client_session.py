"""One client of a gateway: its subscriptions, its outbox, and when to part with it.

What is queued is bounded: streams stop at the outbox's mark, snapshots are made part by
part as room appears, what follows them waits up to `waiting_bytes_max`, answers follow
admitted requests. A client that does not read is told what it missed, or closed; nobody
else waits for it. Time is an argument; `wake` is called whenever there is something to send.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from ledgerflux.core.admission import Admission
from ledgerflux.core.limits import Limits
from ledgerflux.core.outbox import Outbox
from ledgerflux.core.parting import IDLE, LIFETIME, SLOW, Close, goodbye, lifetime_ns
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.resume_token import Tokens, places
from ledgerflux.core.session_statistics import SessionStatistics
from ledgerflux.core.slowness import Slowness
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.subscription import (
    Asked,
    Frame,
    Reason,
    Replay,
    StreamKey,
    Subscription,
    Whole,
)
from ledgerflux.core.telling import Replaced
from ledgerflux.core.throttling import Skipping, Throttled
from ledgerflux.core.unsent import unsent
from ledgerflux.model.stream import ChannelName
from ledgerflux.model.units import NANOS_PER_S


class Company(Protocol):
    """Those who are told the same as a session (`core.cohort`)."""

    def release(self, session: "ClientSession") -> None:
        """Let it go on alone, with what it was not sent yet."""
        ...


class ClientSession:
    """Everything about one client but its socket; `luck` is drawn for it from [0, 1)."""

    def __init__(
        self,
        speaker: Speaker,
        limits: Limits,
        now_ns: int,
        wake: Callable[[], None],
        shared: TokenBucket | None = None,
        luck: float = 0.0,
    ) -> None:
        self.outbox = Outbox(limits.outbox_bytes, limits.outbox_drained_bytes)
        self.ended = False
        self.cohort: Company | None = None
        """Where it is one of many, until something concerns it alone."""
        self.subscriptions: dict[Whole, Subscription] = {}
        self.patterns: dict[Whole, Asked] = {}
        """Channels subscribed with a pattern: new products that match it join them."""
        self.beats: dict[str, frozenset[str] | None] = {}
        """heartbeats and system: what was asked for, ids and patterns, None for all."""
        self._speaker = speaker
        self._limits = limits
        self._wake = wake
        self.tokens = Tokens()
        self._catching: dict[Subscription, None] = {}
        self._ahead: dict[Subscription, None] = {}
        self._newest: dict[Subscription, Frame] = {}
        self._admission = Admission(limits, now_ns, shared)
        self._skipping = Skipping()
        self._due: Close | None = None
        self._joined_ns = now_ns
        self._luck = luck
        self._subscribed = False
        self._slowness = Slowness(limits.slow_after_s)
        self._fell_behind_total = 0
        self._beats_skipped_total = 0

    @property
    def takes_requests(self) -> bool:
        """Say whether its requests are read: not while it leaves its answers unread."""
        return not self.outbox.above

    @property
    def used(self) -> int:
        """Return how many subscriptions count against the limit."""
        return len(self.subscriptions) + len(self.beats)

    @property
    def even(self) -> bool:
        """Say whether it was sent everything that its streams have."""
        left = self._catching or self.outbox.size or self._newest or self._ahead
        if self.ended or left or not self.used:
            return False
        return not any(subscription.replaying for subscription in self.subscriptions.values())

    def wants(self) -> tuple[frozenset[StreamKey], frozenset[tuple[str, frozenset[str] | None]]]:
        """Return everything it follows."""
        keys = frozenset(subscription.key for subscription in self.subscriptions.values())
        return keys, frozenset(self.beats.items())

    def stand_alone(self) -> None:
        """Be no longer one of many."""
        if self.cohort is not None:
            self.cohort.release(self)

    def admit(self, now_ns: int) -> int | Close:
        """Judge one more request: 0 admitted, else ns to wait, or the end after too many."""
        admitted, told = self._admission.admit(now_ns)
        if told is not None:
            self.put(self._speaker.throttled(told))
        return admitted

    def hear(self, *, understood: bool) -> Close | None:
        """Note a message that was a request, or none; the end after too many that were none."""
        return self._admission.hear(understood=understood)

    def put(self, message: bytes) -> None:
        """Queue an answer or notice, and what may follow it."""
        self.stand_alone()
        if not self.ended:
            self.outbox.put(message)
            self._fill()
            self._wake()

    def take_over(self, messages: Iterable[bytes]) -> None:
        """Go on alone: queue what those with it were told and it was not sent."""
        for message in messages:
            self.outbox.put(message)
        if self.outbox.size:
            self._wake()

    def end(self, why: bytes | None, close: Close, *, at_once: bool = False) -> Close:
        """Queue `why` and a goodbye as the last messages; `at_once`: instead of what was queued."""
        self.stand_alone()
        owed = {item for item in self._catching if not item.whole_up_to_here}
        dropped = unsent(self.outbox.clear() if at_once else ())
        resume = places(self.tokens, self.subscriptions.values(), owed, dropped)
        self.ended = True
        self._catching.clear()
        self._ahead.clear()
        self._newest.clear()
        if why is not None:
            self.outbox.put(why)
        spread_ms = self._limits.reconnect_spread_ms
        self.outbox.put(self._speaker.goodbye(goodbye(close, self._luck, spread_ms, resume)))
        self._wake()
        return close

    def beat(self, message: bytes) -> None:
        """Queue a message that may be left out where there is no room."""
        if self.ended or self.outbox.above:
            self._beats_skipped_total += 1
        else:
            self.outbox.put(message)
            self._wake()

    def join(self, subscription: Subscription, *, catch_up: bool) -> None:
        """Take part in a stream; with `catch_up` its state comes first, as room appears."""
        self.stand_alone()
        self._subscribed = True
        self.subscriptions[subscription.whole] = subscription
        if catch_up:
            subscription.fall_behind("slow_consumer", "subscribe")
            self._catching[subscription] = None

    def hold(self, channel: ChannelName, pattern: str, asked: Asked) -> None:
        """Let new products that match `pattern` join."""
        self._subscribed = True
        self.patterns[channel, pattern] = asked

    def join_beats(self, channel: str, products: frozenset[str] | None) -> None:
        """Take part in `heartbeats` or `system`."""
        self.stand_alone()
        self._subscribed = True
        self.beats[channel] = products

    def part_with_beats(self, channel: str) -> None:
        """Leave `heartbeats` or `system`."""
        self.stand_alone()
        del self.beats[channel]

    def part_with(self, whole: Whole) -> None:
        """Leave a stream: nothing more of it is queued."""
        self.stand_alone()
        subscription = self.subscriptions.pop(whole)
        self._catching.pop(subscription, None)
        self._ahead.pop(subscription, None)
        self._newest.pop(subscription, None)

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

    def renew(self, whole: Whole) -> None:
        """Send a stream's book again; an answer must be put before anything else happens."""
        self.stand_alone()
        subscription = self.subscriptions[whole]
        self._newest.pop(subscription, None)
        self._ahead.pop(subscription, None)
        if self._gathered(subscription):
            subscription.renew()
        self._catching[subscription] = None

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

    def tick(self, now_ns: int) -> Close | None:
        """Judge the time passed; return the end where there must be one, its reason queued."""
        if self.ended:
            due, self._due = self._due, None
            return due
        joined_for_ns = now_ns - self._joined_ns
        if not self._subscribed and joined_for_ns > self._limits.first_subscribe_s * NANOS_PER_S:
            why = self._speaker.error("idle", "nothing was subscribed in time")
            return self.end(why, Close(IDLE, "idle"))
        if self._too_slow(now_ns):
            why = self._speaker.error("slow_consumer", "messages are not read fast enough")
            return self.end(why, Close(SLOW, "slow_consumer"), at_once=True)
        if joined_for_ns >= lifetime_ns(self._limits, self._luck):
            return self.end(None, Close(LIFETIME, "max_lifetime"))
        return None

    def statistics(self) -> SessionStatistics:
        """Return sizes and counts."""
        outbox = self.outbox.statistics()
        return SessionStatistics(
            self.used,
            outbox.queued_bytes,
            outbox.queued_bytes_max,
            self._fell_behind_total,
            self._beats_skipped_total,
        )

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
        self._fell_behind_total += 1
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
        complete = subscription.gather()
        self._catching[subscription] = None
        if subscription.live:
            del self._catching[subscription]
        waiting = sum(other.waiting_bytes for other in self._catching)
        if complete and waiting <= self._limits.waiting_bytes_max:
            return True
        self._fall_behind(subscription)
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

    def _too_slow(self, now_ns: int) -> bool:
        if any(subscription.hopeless for subscription in self._catching):
            return True
        catching_up = bool(self._catching)
        return self._slowness.judge(self.outbox, catching_up=catching_up, now_ns=now_ns)

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
