"""Who gets what: the products a gateway serves, and the clients that follow them.

Taking a stream's place and registering for what follows is one synchronous step, so the
first message a client gets continues exactly what it was told at the start.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.followers import Followers
from ledgerflux.core.limits import Limits
from ledgerflux.core.patterns import matches
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.resume_token import Tokens
from ledgerflux.core.resumption import Resumption
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Followed, Speaker
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.teller import Teller
from ledgerflux.core.telling import FOLLOWED, BatchView, Heads
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.variants import Variants
from ledgerflux.core.wish import OnSlow
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.model.stream import CHANNELS, ChannelName


class FanoutStatistics(NamedTuple):
    """Clients, their subscriptions, what was queued for them, and how often they fell behind.

    `queued_bytes` wait now, of `slow_clients` that do not take what they are told too.
    """

    clients: int
    subscriptions: int
    delivered_total: int
    fell_behind_total: int
    queued_bytes: int
    slow_clients: int


class Fanout:
    """The streams of one venue, and the sessions that follow those served.

    Streams of products that are not served are followed all the same: a product that is
    served later is complete at once. `wake` is called with each cohort that has something to
    write.
    """

    def __init__(
        self,
        speaker: Speaker,
        limits: Limits,
        wake: Callable[[Cohort], None],
        ring: ReplayRing | None = None,
    ) -> None:
        self.venue = ""
        self.products: dict[str, ProductStream] = {}
        """The products served."""
        self.sessions: dict[ClientSession, None] = {}
        self.ring = ring or ReplayRing()
        self.tokens = Tokens()
        self._integrity = ("none", "none")
        self._streams: dict[str, ProductStream] = {}
        self._speaker = speaker
        self._subscriptions_max = limits.subscriptions_max
        self._followers = Followers(limits.outbox_bytes, wake)
        self._variants = Variants(speaker)
        self._teller = Teller(speaker, self._followers, self._variants, self.ring)
        self._gone_behind = 0

    def heads(self) -> dict[str, Heads]:
        """Return where every product served stands."""
        return {product: stream.heads() for product, stream in self.products.items()}

    def statistics(self) -> FanoutStatistics:
        """Return counts."""
        subscriptions = queued_bytes = slow = 0
        behind = self._gone_behind
        for session in self.sessions:  # once a second of thousands: no objects in between
            subscriptions += session.used
            behind += session.fell_behind_total
            queued_bytes += session.outbox.size
            slow += session.slow
        return FanoutStatistics(
            len(self.sessions),
            subscriptions,
            self._followers.delivered_total,
            behind,
            queued_bytes,
            slow,
        )

    # -- products ----------------------------------------------------------------------

    def begin(self, venue: str, *, integrity: str, integrity_rule: str) -> None:
        """Serve `venue`; what was served of another is gone."""
        if venue != self.venue:
            self.serve([])
            self._streams.clear()
            self.ring.clear()
        self.venue = venue
        self._integrity = (integrity, integrity_rule)

    def serve(self, products: Iterable[str]) -> None:
        """Serve exactly these; clients are told what joins what they asked for, or is gone."""
        wanted = list(products)
        for product in [product for product in self.products if product not in wanted]:
            self._remove(product)
        for product in wanted:
            if product not in self.products:
                self._add(product)

    def restore(self, partition: int, saved: PartitionCheckpoint | None) -> None:
        """Know of a partition what the checkpoint holds, and nothing else; tell clients.

        Raises:
            LogError: The checkpoint holds what can be no book (`log_corrupt`).
        """
        held = {product.product: product for product in saved.products} if saved else {}
        mine = {product for product in self._streams if partition_of(product) == partition}
        for product in sorted(mine | set(held)):
            stream = self._stream(product)
            stream.restore(held.get(product))
            for channel in CHANNELS:
                self.ring.begin((channel, product), stream.position(channel))
        for product in sorted(mine):
            for channel in FOLLOWED:
                self._teller.resync(channel, product)

    def publish(self, batches: Iterable[BatchView], publish_ns: int) -> None:
        """Apply one record's batches and queue what each client must be told.

        Raises:
            LogError: A batch does not continue its stream, or can't be read.
        """
        for batch in batches:
            stream = self._streams.get(batch.product) or self._stream(batch.product)
            for telling in stream.apply(batch, publish_ns):
                self._teller.tell(stream, telling)

    def tick(self, told: int, now: int) -> None:
        """Tell the conflated streams due after tick `told` of the grid, up to `now`."""
        for variant in self._variants.due(told, now):
            frame = variant.tick()
            if frame is not None:
                self._followers.tell((variant.channel, variant.product, variant.terms), frame)

    @property
    def on_grid(self) -> bool:
        """Say whether anybody follows a conflated stream."""
        return self._variants.on_grid

    def lose(self, partition: int) -> None:
        """Say that a partition can't be followed: empty gaps, and no book is live."""
        for product, stream in self._streams.items():
            if partition_of(product) != partition:
                continue
            stream.lose()
            for channel in CHANNELS:
                self._teller.tell_break(stream, channel)
                self.ring.forget((channel, product))

    def doubt(self, partition: int, why: str) -> None:
        """Say that nobody is heard of who keeps a partition right: no book of it is live."""
        for product, stream in self._streams.items():
            if partition_of(product) == partition and stream.doubt():
                self._teller.tell_break(stream, "level2", why)

    def trust(self, partition: int) -> None:
        """Those who keep a partition right are heard of: its books are what they were."""
        for product, stream in self._streams.items():
            if partition_of(product) == partition and stream.trust():
                self._teller.resync("level2", product)

    # -- clients -----------------------------------------------------------------------

    def enter(self, session: ClientSession) -> None:
        """Take part; the door has looked at `Limits.clients_max`."""
        self.sessions[session] = None
        session.tokens = self.tokens

    def leave(self, session: ClientSession) -> None:
        """Forget a client."""
        session.stand_alone()
        del self.sessions[session]
        self._gone_behind += session.fell_behind_total
        for channel, product in list(session.subscriptions):
            self.part(session, channel, product)

    def unite(self, session: ClientSession) -> None:
        """Let a session be told together with others, where nothing of its own is left to send."""
        if session in self.sessions:  # one that left may still have its turn to write
            self._followers.unite(session)

    def join(
        self,
        session: ClientSession,
        channel: ChannelName,
        stream: ProductStream,
        *,
        snapshot: bool,
        terms: Terms = WHOLE,
        on_slow: OnSlow | None = None,
    ) -> Position:
        """Let a client follow a stream; return the place from which it is told everything.

        The answer that tells it must be put into the session before anything else happens.
        """
        followed: Followed = stream
        if terms != WHOLE:
            followed = self._variants.follow(stream, channel, terms)
        position = followed.position(channel)
        catch_up = snapshot and channel != "trades"
        stepped = channel not in ("level2", "candles")  # their state stands beside the seqs
        if catch_up and stepped and followed.latest(channel) is not None:
            position = Position(position.epoch, max(0, position.seq - 1))
        first = None if catch_up and channel == "level2" else position
        subscription = Subscription(followed, channel, first, terms, on_slow)
        session.join(subscription, catch_up=catch_up)
        self._followers.add(session, subscription)
        return position

    def part(self, session: ClientSession, channel: ChannelName, product: str) -> None:
        """Let a client follow a stream no longer."""
        key = session.subscriptions[channel, product].key
        session.part_with((channel, product))
        self._followers.remove(session, key)
        if key[2] != WHOLE and not self._followers.follow(key):
            self._variants.leave(self._streams[product], key)

    def beat(self, channel: str, messages: "Mapping[frozenset[str] | None, bytes]") -> None:
        """Queue one beat of `heartbeats` or `system` by the set of products asked for."""
        alone = [session for session in self.sessions if session.cohort is None]
        for cohort in self._followers.cohorts():
            beats = dict(cohort.wants[1])
            if channel in beats:
                cohort.beat(messages[beats[channel]])
        for session in alone:
            if channel in session.beats:
                session.beat(messages[session.beats[channel]])

    def beat_sets(self, channel: str) -> set[frozenset[str] | None]:
        """Return the sets of products for which a beat of `channel` is needed."""
        return {session.beats[channel] for session in self.sessions if channel in session.beats}

    # -- inside ------------------------------------------------------------------------

    def _stream(self, product: str) -> ProductStream:
        stream = self._streams.get(product)
        if stream is None:
            integrity, rule = self._integrity
            stream = ProductStream(self.venue, product, integrity=integrity, integrity_rule=rule)
            self._streams[product] = stream
        return stream

    def _add(self, product: str) -> None:
        stream = self.products[product] = self._stream(product)
        for session in self.sessions:
            for channel, pattern in sorted(session.patterns):
                held = (channel, product) in session.subscriptions
                if matches(pattern, product) and not held:
                    self._bring(session, channel, stream, pattern)

    def _bring(
        self, session: ClientSession, channel: ChannelName, stream: ProductStream, pattern: str
    ) -> None:
        """Let a product join what a session asked for by a pattern, where it may have more."""
        product = stream.product
        if session.used >= self._subscriptions_max:
            why = f"no room for {channel} of a product that {pattern} matches"
            session.put(self._speaker.error("limit_subscriptions", why, [product]))
            return
        asked = session.patterns[channel, pattern]
        place = self.join(session, channel, stream, snapshot=True, **asked._asdict())
        places = {product: place}
        tokens = self.tokens.make(self.venue, channel, asked.terms, places)
        notice = self._speaker.subscribed(
            channel,
            places,
            venue=self.venue,
            patterns=[pattern],
            **asked._asdict(),
            resumption=Resumption(tokens),
        )
        session.put(notice)

    def _remove(self, product: str) -> None:
        del self.products[product]
        for channel in FOLLOWED:
            for key in self._teller.keys(channel, product):
                for session, _ in self._followers.each(key):
                    self.part(session, channel, product)
                    session.put(self._speaker.unsubscribed(channel, [product]))
