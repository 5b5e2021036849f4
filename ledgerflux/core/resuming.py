"""Going on in a stream where another connection ended, here or at another gateway.

What a client has is its place (epoch, seq). From there it gets every message once more as it
was told, the state as it is, or a gap that says what it will not get.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.frame import Replay, Whole
from ledgerflux.core.patterns import names
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.resumption import Resumption
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.telling import FOLLOWED
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.model.stream import CHANNELS

AHEAD_MAX = 10_000
"""Events by which another gateway may have been further: who comes from it waits for them."""
SMALL_BYTES = 16 * 1024
"""A replay that no book is weighed against."""

NOT_FOUND: Mapping[str, Replay] = {}
Mode = Literal["auto", "strict"]
"""A book may come instead of more bytes of messages; or every message, else a gap."""


class Resuming:
    """Answers for one request: `points` first, then, once it is granted, `take_up`."""

    def __init__(self, fanout: Fanout, channel: str, terms: Terms) -> None:
        self._fanout = fanout
        self._channel = channel
        self._terms = terms
        self._replays = NOT_FOUND

    def points(
        self, asked: Mapping[str, str | Position], products: Sequence[str] | None
    ) -> dict[str, Position] | Refusal:
        """Return where the client is in each stream; refuse what can't be read."""
        found: dict[str, Position] = {}
        for product, place in asked.items():
            if not names(None if products is None else tuple(products), product):
                return _refused(product, "is not among product_ids")
            position = self._read(product, place)
            if isinstance(position, Refusal):
                return position
            found[product] = position
        return found

    def beyond(self, points: Mapping[str, Position], mode: Mode) -> dict[Whole, Position]:
        """Return the places before what is kept here, from which the log may have it all.

        Where the state will do the log is not read: that is all but trades in `auto`.
        """
        if self._terms != WHOLE or (self._channel != "trades" and mode == "auto"):
            return {}
        wholes: list[Whole] = [
            (channel, product)
            for channel in CHANNELS
            if channel == self._channel
            for product in points
        ]
        return {whole: points[whole[1]] for whole in wholes if self._far(whole, points[whole[1]])}

    def take_up(
        self,
        session: ClientSession,
        granted: dict[str, Position],
        points: Mapping[str, Position],
        mode: Mode,
        replays: Mapping[str, Replay] = NOT_FOUND,
    ) -> Resumption:
        """Let granted streams go on where the client is; `granted` tells then from where.

        `replays` have by product what was found in the log.
        """
        self._replays = replays
        recovered: dict[str, bool] = {}
        via: dict[str, str] = {}
        for product, position in points.items():
            if product in granted:
                way = self._go_on(session, product, position, mode)
                recovered[product] = way is not None
                if way is not None:
                    via[product] = way
                told = self._subscription(session, product).position
                granted[product] = granted[product] if told is None else told
        return Resumption(self._tokens(granted), recovered, via)

    def _read(self, product: str, place: str | Position) -> Position | Refusal:
        if isinstance(place, Position):
            return place
        tokens = self._fanout.tokens
        if not tokens.key:
            return _refused(product, "no tokens are read here yet; give epoch and seq")
        found = tokens.read(place, self._fanout.venue, self._channel, product, self._terms)
        if found is None:
            return _refused(product, "this is no token of this stream")
        return found

    def _far(self, whole: Whole, place: Position) -> bool:
        """Say whether the stream is further, by more than is kept of it."""
        stream, ring = self._fanout.products.get(whole[1]), self._fanout.ring
        if stream is None or ring.head(whole) is None:
            return False
        head = stream.position(whole[0])
        behind = place.epoch == head.epoch and place.seq < head.seq
        return behind and ring.size_after(whole, place) is None

    def _go_on(
        self, session: ClientSession, product: str, position: Position, mode: Mode
    ) -> str | None:
        """Return how a stream is recovered, None where it is not."""
        subscription = self._subscription(session, product)
        head = subscription.stream.position(subscription.channel)
        same = position.epoch == head.epoch
        nothing_yet = head.epoch == "" and self._terms != WHOLE
        if nothing_yet or (same and position.seq > head.seq + AHEAD_MAX):
            return None
        if self._terms == WHOLE and self._replayed(session, subscription, position, mode):
            return "replay"
        told = subscription.behind or subscription.channel == "trades"
        if told and same and self._state_will_do(subscription, position, mode):
            return "snapshot"
        if told and not (same and position.seq > head.seq):
            session.miss(subscription, position)
        return None

    def _replayed(
        self, session: ClientSession, subscription: Subscription, position: Position, mode: Mode
    ) -> bool:
        """Let the client have every message from its place on, if they are here."""
        ring, whole = self._fanout.ring, subscription.whole
        stream = self._fanout.products[subscription.stream.product]
        head = stream.position(subscription.channel)
        if (head.epoch and ring.head(whole) is None) or (
            subscription.channel == "level2" and stream.doubted
        ):
            return False
        further = position.epoch == head.epoch and position.seq > head.seq
        if further or not head.epoch:
            session.wait_for(subscription, position)
            return True
        size = ring.size_after(whole, position)
        if size is None and subscription.stream.product in self._replays:
            session.replay(subscription, position, self._replays[subscription.stream.product])
            return True
        if size is None or (mode == "auto" and self._costs_more(subscription, size)):
            return False
        session.replay(subscription, position, ring)
        return True

    def _costs_more(self, subscription: Subscription, size: int) -> bool:
        """Say whether a replay is larger than the book that would do instead."""
        if subscription.channel != "level2" or size <= SMALL_BYTES or not subscription.behind:
            return False
        return size > sum(map(len, subscription.stream.snapshot().sides()))

    def _state_will_do(self, subscription: Subscription, position: Position, mode: Mode) -> bool:
        """Say whether the state as it is leaves nothing out for who is at `position`."""
        if mode == "strict" or subscription.channel == "trades":
            return False
        if subscription.channel == "candles":
            return subscription.stream.keeps(position.epoch, position.seq + 1)
        if self._terms != WHOLE:
            return True
        kept = self._fanout.ring.size_after(subscription.whole, position)
        return kept is not None and subscription.channel == "level2"

    def _subscription(self, session: ClientSession, product: str) -> Subscription:
        return next(
            session.subscriptions[name, product] for name in FOLLOWED if name == self._channel
        )

    def _tokens(self, places: Mapping[str, Position]) -> dict[str, str]:
        return self._fanout.tokens.make(self._fanout.venue, self._channel, self._terms, places)


def _refused(product: str, why: str) -> Refusal:
    return Refusal("invalid_param", f"resume: {product[:64]}: {why}", (product[:64],))


def unused(points: Mapping[str, Any], granted: Mapping[str, Any]) -> list[str]:
    """Return what was to be gone on with and is no part of what was granted."""
    left = [product[:64] for product in points if product not in granted]
    return [f"resume: nothing new is followed of {', '.join(left[:8])}"] if left else []
