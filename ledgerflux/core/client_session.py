"""One client of a gateway: its subscriptions, what it may ask, and when to part with it.

What is queued is bounded: streams by `core.following`, answers follow admitted requests. A
client that does not read is told what it missed, or closed; nobody else waits for it. Time
is an argument; `wake` is called whenever there is something to send.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from ledgerflux.core.admission import Admission
from ledgerflux.core.following import Following
from ledgerflux.core.frame import StreamKey, Whole
from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import IDLE, LIFETIME, SLOW, Close, goodbye, lifetime_ns
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.resume_token import Tokens, places
from ledgerflux.core.session_statistics import SessionStatistics
from ledgerflux.core.slowness import Slowness
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.unsent import unsent
from ledgerflux.core.wish import Asked
from ledgerflux.model.stream import ChannelName
from ledgerflux.model.units import NANOS_PER_S


class Company(Protocol):
    """Those who are told the same as a session (`core.cohort`)."""

    def release(self, session: "ClientSession") -> None:
        """Let it go on alone, with what it was not sent yet."""
        ...


class ClientSession(Following):
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
        super().__init__(speaker, limits, wake)
        self.cohort: Company | None = None
        """Where it is one of many, until something concerns it alone."""
        self.subscriptions: dict[Whole, Subscription] = {}
        self.patterns: dict[Whole, Asked] = {}
        """Channels subscribed with a pattern: new products that match it join them."""
        self.beats: dict[str, frozenset[str] | None] = {}
        """heartbeats and system: what was asked for, ids and patterns, None for all."""
        self.tokens = Tokens()
        self._admission = Admission(limits, now_ns, shared)
        self._joined_ns = now_ns
        self._luck = luck
        self._subscribed = False
        self._slowness = Slowness(limits.slow_after_s)
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
        subscription.leave()
        self._catching.pop(subscription, None)
        self._ahead.pop(subscription, None)
        self._newest.pop(subscription, None)

    def renew(self, whole: Whole) -> None:
        """Send a stream's book again; an answer must be put before anything else happens."""
        if self.ended:
            return
        self.stand_alone()
        subscription = self.subscriptions[whole]
        self._newest.pop(subscription, None)
        self._ahead.pop(subscription, None)
        self._gathered(subscription)
        if not self.ended:  # it may end for what of a replay is not to be had
            subscription.renew()
            self._catching[subscription] = None

    def tick(self, now_ns: int) -> Close | None:
        """Judge the time passed; return the end where there must be one, its reason queued."""
        if self.ended:
            due, self._due = self._due, None
            return due
        joined_for_ns = now_ns - self._joined_ns
        if not self._subscribed and joined_for_ns > self._limits.first_subscribe_s * NANOS_PER_S:
            why = self._speaker.error("idle", "nothing was subscribed in time")
            return self.end(why, Close(IDLE, "idle"))
        # One of a cohort has nothing of its own that could wait.
        if self.cohort is None and self._too_slow(now_ns):
            why = self._speaker.error("slow_consumer", "messages are not read fast enough")
            return self.end(why, Close(SLOW, "slow_consumer"), at_once=True)
        if joined_for_ns >= lifetime_ns(self._limits, self._luck):
            return self.end(None, Close(LIFETIME, "max_lifetime"))
        return None

    @property
    def slow(self) -> bool:
        """Say whether the last look found it not taking what it is told."""
        return self._slowness.suspected

    def statistics(self) -> SessionStatistics:
        """Return sizes and counts."""
        outbox = self.outbox.statistics()
        return SessionStatistics(
            self.used,
            outbox.queued_bytes,
            outbox.queued_bytes_max,
            self.fell_behind_total,
            self._beats_skipped_total,
            self.slow,
        )

    def _too_slow(self, now_ns: int) -> bool:
        catching_up = bool(self._catching)
        if catching_up and any(subscription.hopeless for subscription in self._catching):
            return True
        return self._slowness.judge(self.outbox, catching_up=catching_up, now_ns=now_ns)
