"""Places of streams as tokens: what a client hands to any gateway of the stack to go on there.

base64url(version . seq . stream . epoch . MAC): opaque to clients. It grants nothing that a
subscription does not; the MAC only keeps one that was cut, mixed up or made up from being used.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Container, Iterable, Mapping

from ledgerflux.core.frame import Whole
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.terms import Terms

VERSION = "v1"
MAC_BYTES = 8
KEY_BYTES = 32
NOTHING_UNSENT: Mapping[Whole, Position | None] = {}
TOKEN_MAX = 1024
"""Characters of a token that is looked at."""


class Tokens:
    """Makes and reads tokens; without a `key`, the stack's, there are none."""

    def __init__(self, key: bytes = b"") -> None:
        self.key = key

    def make(
        self, venue: str, channel: str, terms: Terms, places: Mapping[str, Position]
    ) -> dict[str, str]:
        """Return the tokens of these places by product; nothing without a key."""
        if not self.key:
            return {}
        return {
            product: self._token(_stream(venue, channel, product, terms), place)
            for product, place in places.items()
            if place.epoch
        }

    def read(
        self, token: str, venue: str, channel: str, product: str, terms: Terms
    ) -> Position | None:
        """Return the place in a token; None where it is none of this stream, or of this stack."""
        try:
            plain = base64.b64decode(_padded(token), altchars=b"-_", validate=True)
            version, seq, stream, epoch = plain[:-MAC_BYTES].decode().split("\n")
        except (binascii.Error, ValueError):
            return None
        body, mac = plain[:-MAC_BYTES], plain[-MAC_BYTES:]
        if not self.key or not hmac.compare_digest(mac, self._mac(body)):
            return None
        if (version, stream) != (VERSION, _stream(venue, channel, product, terms)):
            return None
        return Position(epoch, int(seq))

    def _token(self, stream: str, place: Position) -> str:
        body = f"{VERSION}\n{place.seq}\n{stream}\n{place.epoch}".encode()
        return base64.urlsafe_b64encode(body + self._mac(body)).decode().rstrip("=")

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self.key, digest_size=MAC_BYTES).digest()


def places(
    tokens: Tokens,
    subscriptions: Iterable[Subscription],
    owed: Container[Subscription] = (),
    unsent: Mapping[Whole, Position | None] = NOTHING_UNSENT,
) -> dict[str, dict[str, str]]:
    """Return by channel and product where everything handed out takes a client not `owed` more.

    `unsent`: by stream the place before what was handed out and is not sent after all.
    """
    told: dict[str, dict[str, str]] = {}
    for subscription in subscriptions:
        channel, stream = subscription.channel, subscription.stream
        place = unsent.get(subscription.whole, subscription.position)
        if place is not None and subscription not in owed:
            at = {stream.product: place}
            made = tokens.make(stream.venue, channel, subscription.terms, at)
            told.setdefault(channel, {}).update(made)
    return told


def _stream(venue: str, channel: str, product: str, terms: Terms) -> str:
    told = f"{venue}/{channel}/{product}/{terms.depth}/{terms.conflate}"
    return told if terms.interval is None else f"{told}/{terms.interval}"


def _padded(token: str) -> str:
    return token + "=" * (-len(token) % 4)
