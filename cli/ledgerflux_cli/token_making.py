"""What `lf token create` makes: a key that a file knows by its hash, or a signed token."""

import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from ledgerflux.adapters.key_file import add_key
from ledgerflux.core.claims import TIME_MAX_S
from ledgerflux.core.credentials import (
    GRANTABLE,
    TOKEN_CHARS_MAX,
    Grant,
    StoredKey,
    hashed,
    is_key_id,
    key_text,
)
from ledgerflux.core.patterns import EVERYTHING, is_safe
from ledgerflux.errors import ConfigError
from ledgerflux.model.units import NANOS_PER_S

SECRET_BYTES = 32
JWT_HELD = "1h"


class Wanted(NamedTuple):
    """Who it is for, what it grants, and the second at which it ends."""

    identity: str
    products: tuple[str, ...]
    channels: tuple[str, ...]
    until_s: int | None

    @property
    def granted(self) -> Grant:
        """Return it as a gateway sees it."""
        until_ns = None if self.until_s is None else self.until_s * NANOS_PER_S
        return Grant(self.identity, self.products, self.channels, until_ns)


def check(wanted: Wanted) -> None:
    """Refuse what no gateway would take, by flag.

    Raises:
        ConfigError: `bad_argument`.
    """
    identity, products, channels, until_s = wanted
    wrong = None
    if not is_key_id(identity):
        wrong = f"--id: {identity[:40]!r} is not 1 to 32 letters, digits, - and _"
    elif not products or not all(map(is_safe, products)):
        wrong = f"--products: {','.join(products)[:80]!r} are no ids or patterns such as *-USD"
    elif not channels or not set(channels) <= {EVERYTHING, *GRANTABLE}:
        wrong = f"--channels: {','.join(channels)[:80]!r}: there are {', '.join(GRANTABLE)} and *"
    elif until_s is not None and until_s > TIME_MAX_S:
        wrong = "--expires: it would hold past the year 9999"
    if wrong is not None:
        raise ConfigError(wrong, code="bad_argument")


def key_of(file: Path, wanted: Wanted) -> str:
    """Return a new key, after its hash was added to `file`.

    Raises:
        ConfigError: The file is there and is no file of keys (`bad_keys`).
        Conflict: It has a key of that id (`key_exists`).
    """
    secret, salt = secrets.token_urlsafe(SECRET_BYTES), secrets.token_hex(16)
    _, products, channels, until_ns = wanted.granted
    kept = StoredKey(salt, hashed(secret, salt), products, channels, until_ns)
    add_key(file, wanted.identity, kept)
    return key_text(wanted.identity, secret)


def signed_of(file: Path, wanted: Wanted, *, issuer: str | None, audience: str | None) -> str:
    """Return a token (JWT) signed with the key in `file`.

    Raises:
        ConfigError: The file holds no key to sign with (`bad_jwt_keys`), or a gateway would not
            look at a token of this length (`bad_argument`).
        MissingDependency: What signs is not installed.
    """
    from ledgerflux.adapters.jwt_keys import read_signing_key
    from ledgerflux.adapters.jwt_tokens import signed

    claims: dict[str, Any] = {
        "sub": wanted.identity,
        "iat": int(time.time()),
        "exp": wanted.until_s,
        "products": wanted.products,
        "channels": wanted.channels,
    }
    named = {"iss": issuer, "aud": audience}
    claims |= {name: text for name, text in named.items() if text is not None}
    token = signed(read_signing_key(file), claims)
    if len(token) > TOKEN_CHARS_MAX:
        text = f"--products: the token has {len(token)} characters, {TOKEN_CHARS_MAX} at most"
        raise ConfigError(text, code="bad_argument")
    return token
