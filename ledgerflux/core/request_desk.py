"""What a gateway grants: requests of clients, judged against what is served and the limits."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.patterns import EVERYTHING, Chosen, choose, warnings
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import CHANNELS
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.wish import Asked, OnSlow, on_slow_of
from ledgerflux.model.stream import ChannelName

RETRY_AFTER_MS = 250
NAMED_MAX = 8


class Refusal(NamedTuple):
    """A request that is not granted, as its client is told."""

    code: str
    message: str
    product_ids: tuple[str, ...] = ()
    retry_after_ms: int | None = None


class RequestDesk:
    """Grants subscriptions: all of a request or nothing of it."""

    def __init__(self, fanout: Fanout, limits: Limits) -> None:
        self._fanout = fanout
        self._limits = limits

    def subscribe(
        self,
        session: ClientSession,
        channel: str,
        products: Sequence[str] | None,
        *,
        snapshot: bool = True,
        terms: Terms = WHOLE,
        on_slow: OnSlow | None = None,
    ) -> dict[str, Position] | Refusal:
        """Subscribe to `products`: ids, and patterns for those to come too; None for all.

        What a pattern matches and is followed already stays as it is.
        Return where each stream stands for this client. The answer must be put into the
        session before anything else happens: what follows continues it.
        """
        if not self._fanout.venue:
            return Refusal("not_ready", "no source is known yet", (), RETRY_AFTER_MS)
        name = _stream_channel(channel)
        if name is None:
            return self._subscribe_beats(session, channel, products)
        served = self._fanout.products
        chosen = choose(_asked(products), served)
        wanted = [
            product for product in chosen.products if (name, product) not in session.subscriptions
        ]
        refusal = self._refusal(session, name, chosen, len(wanted))
        if refusal is not None:
            return refusal
        for pattern in chosen.patterns:
            session.hold(name, pattern, Asked(terms, on_slow_of(name, on_slow)))
        return {
            product: self._fanout.join(
                session, name, served[product], snapshot=snapshot, terms=terms, on_slow=on_slow
            )
            for product in wanted
        }

    def on_slow(self, channel: str, asked: OnSlow | None) -> OnSlow | None:
        """Return what a subscription to `channel` gets; None where there is no such thing."""
        name = _stream_channel(channel)
        return None if name is None else on_slow_of(name, asked)

    def warnings(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> list[str]:
        """Return what is odd about a request, asked before it is granted."""
        if channel == "system":
            return []
        chosen = choose(_asked(products), self._fanout.products)
        return warnings(chosen, {held for name, held in session.subscriptions if name == channel})

    def unsubscribe(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> list[str] | Refusal:
        """Leave streams, None for all of the channel; return their products.

        A pattern leaves all that it matches. New products join no longer by the pattern that
        is left, and after `*` by none.
        """
        name = _stream_channel(channel)
        if name is None:
            if channel not in session.beats:
                return Refusal("not_subscribed", f"{channel} is not subscribed")
            session.part_with_beats(channel)
            return []
        held = [product for other, product in session.subscriptions if other == name]
        chosen = choose(_asked(products), held)
        patterns = [pattern for other, pattern in session.patterns if other == name]
        known = {*held, *patterns, *([EVERYTHING] if patterns else [])}
        unknown = tuple(text for text in (*chosen.exact, *chosen.idle) if text not in known)
        if unknown:
            return Refusal("not_subscribed", f"{channel} is not subscribed", unknown)
        for pattern in patterns:
            if pattern in chosen.patterns or EVERYTHING in chosen.patterns:
                del session.patterns[name, pattern]
        for product in chosen.products:
            self._fanout.part(session, name, product)
        return list(chosen.products)

    def _refusal(
        self, session: ClientSession, channel: ChannelName, chosen: Chosen, joining: int
    ) -> Refusal | None:
        unknown = self._unknown(chosen.exact)
        if unknown is not None:
            return unknown
        held = (
            *(product for product in chosen.exact if (channel, product) in session.subscriptions),
            *(pattern for pattern in chosen.patterns if (channel, pattern) in session.patterns),
        )
        if held:
            return Refusal("already_subscribed", f"{channel} is subscribed already", held)
        most, patterns_most = self._limits.subscriptions_max, self._limits.patterns_max
        if session.used + joining > most:
            return Refusal("limit_subscriptions", f"a connection has at most {most} subscriptions")
        if len(session.patterns) + len(chosen.patterns) > patterns_most:
            return Refusal(
                "limit_subscriptions", f"a connection has at most {patterns_most} patterns"
            )
        return None

    def _subscribe_beats(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> dict[str, Position] | Refusal:
        if channel in session.beats:
            return Refusal("already_subscribed", f"{channel} is subscribed already")
        chosen = choose(_asked(products), ())
        unknown = self._unknown(chosen.exact)
        if unknown is not None:
            return unknown
        most = self._limits.patterns_max
        if len(chosen.patterns) > most:
            return Refusal("limit_subscriptions", f"a connection has at most {most} patterns")
        session.join_beats(channel, None if products is None else frozenset(products))
        return {}

    def _unknown(self, wanted: Sequence[str]) -> Refusal | None:
        served = self._fanout.products
        unknown = tuple(product for product in wanted if product not in served)
        if not unknown:
            return None
        known = ", ".join(sorted(served)) or "none yet"
        named = ", ".join(product[:64] for product in unknown[:NAMED_MAX])
        return Refusal("unknown_product", f"no product {named}; served: {known}", unknown)


def _asked(products: Sequence[str] | None) -> Sequence[str]:
    return [EVERYTHING] if products is None else products


def _stream_channel(channel: str) -> ChannelName | None:
    return next((name for name in CHANNELS if name == channel), None)
