"""What a gateway grants: requests of clients, judged against what is served and the limits."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import CHANNELS
from ledgerflux.core.terms import WHOLE, Terms
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
    ) -> dict[str, Position] | Refusal:
        """Subscribe to `products`, None for all and those to come.

        Return where each stream stands for this client. The answer must be put into the
        session before anything else happens: what follows continues it.
        """
        if not self._fanout.venue:
            return Refusal("not_ready", "no source is known yet", (), RETRY_AFTER_MS)
        name = _stream_channel(channel)
        if name is None:
            return self._subscribe_beats(session, channel, products)
        served = self._fanout.products
        wanted = list(served) if products is None else list(dict.fromkeys(products))
        refusal = self._refusal(session, name, wanted)
        if refusal is not None:
            return refusal
        if products is None:
            if name in session.everything:
                return Refusal("already_subscribed", f"all of {channel} is subscribed already")
            session.everything[name] = terms
        return {
            product: self._fanout.join(
                session, name, served[product], snapshot=snapshot, terms=terms
            )
            for product in wanted
        }

    def unsubscribe(
        self, session: ClientSession, channel: str, products: Sequence[str] | None
    ) -> list[str] | Refusal:
        """Leave streams, None for all of the channel; return their products."""
        name = _stream_channel(channel)
        if name is None:
            if channel not in session.beats:
                return Refusal("not_subscribed", f"{channel} is not subscribed")
            session.part_with_beats(channel)
            return []
        held = [product for other, product in session.subscriptions if other == name]
        wanted = held if products is None else list(dict.fromkeys(products))
        unknown = tuple(product for product in wanted if product not in held)
        if unknown or not (wanted or name in session.everything):
            return Refusal("not_subscribed", f"{channel} is not subscribed", unknown)
        if products is None:
            session.everything.pop(name, None)
        for product in wanted:
            self._fanout.part(session, name, product)
        return wanted

    def _refusal(
        self, session: ClientSession, channel: ChannelName, wanted: Sequence[str]
    ) -> Refusal | None:
        unknown = self._unknown(wanted)
        if unknown is not None:
            return unknown
        held = tuple(product for product in wanted if (channel, product) in session.subscriptions)
        if held:
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
        unknown = self._unknown(products or ())
        if unknown is not None:
            return unknown
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


def _stream_channel(channel: str) -> ChannelName | None:
    return next((name for name in CHANNELS if name == channel), None)
