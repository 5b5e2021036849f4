"""What one client follows, and how far it has been told."""

from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.wish import OnSlow
from ledgerflux.model.stream import ChannelName


class Holding(NamedTuple):
    """A stream: where everything sent takes the client (None before a first book), and its head.

    `behind`: something was left out and is still to be told.
    """

    channel: ChannelName
    product: str
    position: Position | None
    head: Position
    behind: bool
    on_slow: OnSlow
    terms: Terms = WHOLE


class Holdings(NamedTuple):
    """All of it: streams, the patterns by which products join, and beats by what was asked."""

    streams: tuple[Holding, ...]
    patterns: tuple[tuple[ChannelName, str], ...]
    beats: tuple[tuple[str, tuple[str, ...] | None], ...]


def holdings(session: ClientSession) -> Holdings:
    """Return what a session follows; alone from now on, so that every place is its own."""
    session.stand_alone()
    beats = (
        (channel, None if products is None else tuple(sorted(products)))
        for channel, products in session.beats.items()
    )
    return Holdings(
        tuple(_holding(subscription) for subscription in session.subscriptions.values()),
        tuple(session.patterns),
        tuple(beats),
    )


def _holding(subscription: Subscription) -> Holding:
    channel, stream = subscription.channel, subscription.stream
    return Holding(
        channel,
        stream.product,
        subscription.position,
        stream.position(channel),
        subscription.behind,
        subscription.on_slow,
        subscription.terms,
    )
