"""What lets a client in: keys that only their holder has whole, and what each one grants.

A key is `lfk.ID.SECRET`; a gateway keeps a salted hash of the secret, which is drawn from
2^256 and so needs no slow one. Time and randomness are arguments.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol

from ledgerflux.core.patterns import EVERYTHING, matches
from ledgerflux.core.telling import FOLLOWED

PREFIX = "lfk"
TOKEN_CHARS_MAX = 8000
"""No token is longer, of whatever kind."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
CHANNELS = (*FOLLOWED, "heartbeats", "system")
CONTROL = "control"
"""Stands among the channels of those who may control the stack; `*` does not hold it."""
GRANTABLE = (*CHANNELS, CONTROL)


class Grant(NamedTuple):
    """What a client may follow; products are ids and patterns, `*` among channels is all."""

    subject: str
    products: tuple[str, ...] = (EVERYTHING,)
    channels: tuple[str, ...] = (EVERYTHING,)
    expires_ns: int | None = None

    @property
    def controls(self) -> bool:
        """Say whether its holder may control the stack."""
        return CONTROL in self.channels

    def refuses(self, channel: str, products: Iterable[str] | None) -> str | None:
        """Return why this is not granted, None where it is; `products` None: all of them.

        A pattern is granted where one of the grant's own matches all that it can match.
        """
        if EVERYTHING not in self.channels and channel not in self.channels:
            return f"channels granted: {', '.join(self.channels)}"
        if channel == "system":
            return None
        asked = [EVERYTHING] if products is None else products
        if all(any(matches(own, product) for own in self.products) for product in asked):
            return None
        return f"products granted: {', '.join(self.products)[:400]}"


class Denied(NamedTuple):
    """Why a token lets nobody in; `subject` where it is known whose it is."""

    code: Literal["auth_failed", "token_expired"]
    message: str
    subject: str = ""


class StoredKey(NamedTuple):
    """What is kept of a key: everything but its secret."""

    salt: str
    hash: str
    products: tuple[str, ...] = (EVERYTHING,)
    channels: tuple[str, ...] = (EVERYTHING,)
    expires_ns: int | None = None


class Authority(Protocol):
    """Knows tokens."""

    def judge(self, token: str, now_ns: int) -> Grant | Denied:
        """Return what `token` grants at `now_ns`, or why nothing."""
        ...


WRONG = Denied("auth_failed", "this token is not known here")


def is_key_id(text: str) -> bool:
    """Say whether `text` can name a key: 1 to 32 letters, digits, - and _."""
    return _ID.fullmatch(text) is not None


def key_text(identity: str, secret: str) -> str:
    """Return the key as its holder shows it."""
    return f"{PREFIX}.{identity}.{secret}"


def hashed(secret: str, salt: str) -> str:
    """Return what is kept of a secret."""
    return sha256(f"{salt}.{secret}".encode()).hexdigest()


class Keyring:
    """The keys that a gateway knows, by their ids."""

    def __init__(self, keys: Mapping[str, StoredKey]) -> None:
        self._keys = dict(keys)

    def judge(self, token: str, now_ns: int) -> Grant | Denied:
        """Return what `token` grants at `now_ns`; what is unknown and what is wrong look alike."""
        identity, secret = _parts(token)
        kept = self._keys.get(identity)
        known = _NOBODY if kept is None else kept
        right = hmac.compare_digest(hashed(secret, known.salt), known.hash)
        if kept is None:
            return WRONG
        if not right:
            return WRONG._replace(subject=identity)
        if kept.expires_ns is not None and now_ns >= kept.expires_ns:
            return Denied("token_expired", "this token has expired", identity)
        return Grant(identity, kept.products, kept.channels, kept.expires_ns)


class KeysAndTokens:
    """Takes what looks like one of our keys for one, and everything else for a signed token."""

    def __init__(self, keys: Authority, tokens: Authority) -> None:
        self._keys = keys
        self._tokens = tokens

    def judge(self, token: str, now_ns: int) -> Grant | Denied:
        """See `Authority.judge`."""
        known = self._keys if token.startswith(f"{PREFIX}.") else self._tokens
        return known.judge(token, now_ns)


_NOBODY = StoredKey("", "")


def _parts(token: str) -> tuple[str, str]:
    """Return id and secret; empty where the text is no key."""
    prefix, _, rest = token.partition(".")
    identity, _, secret = rest.partition(".")
    if prefix != PREFIX or not is_key_id(identity) or not token.isascii():
        return "", ""
    return identity, secret
