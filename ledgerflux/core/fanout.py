"""Who gets what: the products a gateway serves, and the clients that follow them.

Taking a stream's place and registering for what follows is one synchronous step, so the
first message a client gets continues exactly what it was told at the start.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.limits import Limits
from ledgerflux.core.product_stream import (
    STREAM_CHANNELS,
    BatchView,
    Heads,
    Missing,
    ProductStream,
    Replaced,
    Said,
    StreamChannel,
    Telling,
)
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.subscription import Frame, Subscription

BEAT_CHANNELS = ("heartbeats", "system")


class Refusal(NamedTuple):
    """A request that is not granted, as the client is told."""

    code: str
    message: str
    product_ids: tuple[str, ...] = ()
    retry_after_ms: int | None = None


class FanoutStatistics(NamedTuple):
    """Clients, their subscriptions, and what was queued for them."""

    clients: int
    subscriptions: int
    delivered_total: int


class Fanout:
    """Products by id, sessions by the stream they follow."""

    def __init__(self, speaker: Speaker, limits: Limits) -> None:
        self.products: dict[str, ProductStream] = {}
        self.sessions: dict[ClientSession, None] = {}
        self._speaker = speaker
        self._limits = limits
        self._followers: dict[tuple[StreamChannel, str], dict[ClientSession, Subscription]] = {}
        self._delivered_total = 0

    def heads(self) -> dict[str, Heads]:
        """Return where every product stands."""
        return {product: stream.heads() for product, stream in self.products.items()}

    def statistics(self) -> FanoutStatistics:
        """Return counts."""
        subscriptions = sum(session.used for session in self.sessions)
        return FanoutStatistics(len(self.sessions), subscriptions, self._delivered_total)

    # Products

    def add(self, stream: ProductStream) -> None:
        """Serve a product; clients that asked for everything join it."""
        self.products[stream.product] = stream
        for session in self.sessions:
            for channel in session.everything:
                position = self._join(session, channel, stream, snapshot=True)
                session.put(self._speaker.subscribed(channel, {stream.product: position}))

    def remove(self, product: str) -> None:
        """Serve a product no longer; its clients are told so."""
        del self.products[product]
        for channel in STREAM_CHANNELS:
            for session in self._followers.pop((channel, product), {}):
                session.part_with(channel, product)
                session.put(self._speaker.unsubscribed(channel, [product]))

    def publish(self, batches: Iterable[BatchView], publish_ns: int) -> None:
        """Apply one record's batches and queue what each client must be told.

        Raises:
            LogError: A batch does not continue its stream, or can't be read.
        """
        for batch in batches:
            stream = self.products.get(batch.product)
            if stream is not None:
                for telling in stream.apply(batch, publish_ns):
                    self._tell(stream, batch.channel, telling)

    def lose(self, products: Iterable[str], cause: str) -> None:
        """Say that these products can't be followed: empty gaps, and books not live."""
        for product in products:
            stream = self.products[product]
            stream.lose()
            for channel in STREAM_CHANNELS:
                epoch, seq = stream.position(channel)
                missing = Missing(channel, epoch, seq + 1, seq, cause, stream.state)
                self._tell(stream, channel, missing)

    def resync(self, products: Iterable[str], cause: str) -> None:
        """Bring every client of these products from where it is to where they are."""
        for product in products:
            for channel in STREAM_CHANNELS:
                for session, subscription in self._followers.get((channel, product), {}).items():
                    session.resync(subscription, cause)

    # Clients

    def enter(self, session: ClientSession) -> None:
        """Take part; the caller has looked at `Limits.clients_max`."""
        self.sessions[session] = None

    def leave(self, session: ClientSession) -> None:
        """Forget a client."""
        del self.sessions[session]
        for channel, product in list(session.subscriptions):
            self._part(session, channel, product)

    def subscribe(
        self,
        session: ClientSession,
        channel: str,
        products: Sequence[str] | None,
        *,
        snapshot: bool = True,
    ) -> dict[str, Position] | Refusal:
        """Register for streams, all or none; return where each stands for this client.

        `products` None means all, also those that come later. The answer must be put into
        the session before anything else happens: what follows continues it.
        """
        if channel in BEAT_CHANNELS:
            return self._subscribe_beats(session, channel, products)
        wanted = list(self.products) if products is None else list(dict.fromkeys(products))
        refusal = self._refusal(session, channel, wanted)
        if refusal is not None:
            return refusal
        stream_channel = _stream_channel(channel)
        if products is None:
            session.everything.add(stream_channel)
        return {
            product: self._join(session, stream_channel, self.products[product], snapshot=snapshot)
            for product in wanted
        }

    def unsubscribe(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> list[str] | Refusal:
        """Leave streams, all or none; return their products. None means all of the channel."""
        if channel in BEAT_CHANNELS:
            if session.beats.pop(channel, ()) == ():
                return Refusal("not_subscribed", f"{channel} is not subscribed")
            return []
        held = [product for name, product in session.subscriptions if name == channel]
        wanted = held if products is None else list(dict.fromkeys(products))
        unknown = tuple(product for product in wanted if product not in held)
        if unknown or not (wanted or channel in session.everything):
            return Refusal("not_subscribed", f"{channel} is not subscribed", unknown)
        session.everything.discard(_stream_channel(channel))
        for product in wanted:
            self._part(session, channel, product)
        return wanted

    def beat(self, channel: str, messages: "Mapping[frozenset[str] | None, bytes]") -> None:
        """Queue one beat of `heartbeats` or `system` by the set of products asked for."""
        for session in self.sessions:
            if channel in session.beats:
                session.beat(messages[session.beats[channel]])

    def beat_sets(self, channel: str) -> set[frozenset[str] | None]:
        """Return the sets of products for which a beat of `channel` is needed."""
        return {session.beats[channel] for session in self.sessions if channel in session.beats}

    # Inside

    def _tell(self, stream: ProductStream, channel: StreamChannel, telling: Telling) -> None:
        followers = self._followers.get((channel, stream.product))
        if not followers:
            return
        self._delivered_total += len(followers)
        if isinstance(telling, Replaced):
            for session, subscription in followers.items():
                session.replace(subscription, telling)
            return
        frame = self._frame(stream, channel, telling)
        for session, subscription in followers.items():
            session.offer(subscription, frame)

    def _frame(
        self, stream: ProductStream, channel: StreamChannel, telling: Said | Missing
    ) -> Frame:
        if isinstance(telling, Said):
            batch = telling.batch
            before = Position(batch.epoch, batch.first_seq - 1)
            after = Position(batch.epoch, batch.last_seq)
            return Frame(before, after, self._speaker.data(stream, batch))
        after = Position(telling.epoch, telling.to_seq)
        begins = telling.cause == "epoch"
        before = None if begins else Position(telling.epoch, telling.from_seq - 1)
        return Frame(before, after, self._speaker.gap(stream, telling))

    def _join(
        self,
        session: ClientSession,
        channel: StreamChannel,
        stream: ProductStream,
        *,
        snapshot: bool,
    ) -> Position:
        """Register, and return the place from which the client is told everything."""
        position = stream.position(channel)
        catch_up = snapshot and channel != "trades"
        if catch_up and channel != "level2" and stream.latest(channel) is not None:
            position = Position(position.epoch, max(0, position.seq - 1))
        first = None if catch_up and channel == "level2" else position
        subscription = Subscription(stream, channel, first)
        self._followers.setdefault((channel, stream.product), {})[session] = subscription
        session.join(subscription, catch_up=catch_up)
        return position

    def _part(self, session: ClientSession, channel: str, product: str) -> None:
        key = (_stream_channel(channel), product)
        followers = self._followers[key]
        del followers[session]
        if not followers:
            del self._followers[key]
        session.part_with(channel, product)

    def _refusal(
        self, session: ClientSession, channel: str, wanted: Sequence[str]
    ) -> Refusal | None:
        unknown = tuple(product for product in wanted if product not in self.products)
        if unknown:
            known = ", ".join(sorted(self.products)) or "none yet"
            return Refusal("unknown_product", f"products served: {known}", unknown)
        held = tuple(product for product in wanted if (channel, product) in session.subscriptions)
        if held or channel in session.everything:
            return Refusal("already_subscribed", f"{channel} is subscribed already", held)
        if session.used + len(wanted) > self._limits.subscriptions_max:
            most = self._limits.subscriptions_max
            return Refusal("limit_subscriptions", f"a connection has at most {most} subscriptions")
        return None

    def _subscribe_beats(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> dict[str, Position] | Refusal:
        if channel in session.beats:
            return Refusal("already_subscribed", f"{channel} is subscribed already")
        unknown = tuple(product for product in products or () if product not in self.products)
        if unknown:
            known = ", ".join(sorted(self.products)) or "none yet"
            return Refusal("unknown_product", f"products served: {known}", unknown)
        session.join_beats(channel, None if products is None else frozenset(products))
        return {}


def _stream_channel(channel: str) -> StreamChannel:
    for name in STREAM_CHANNELS:
        if name == channel:
            return name
    raise AssertionError(channel)
