"""What a signed token says, made into what it grants: what it does not name, it does not grant.

The signature, and whom the token is for, were judged before; time is an argument.
"""

import re
from collections.abc import Mapping
from typing import cast

from ledgerflux.core.credentials import GRANTABLE, Denied, Grant
from ledgerflux.core.patterns import EVERYTHING, is_safe
from ledgerflux.model.units import NANOS_PER_S

LEEWAY_S = 30
"""How far the clock of who signs may be ahead: a token holds so much before its `nbf`."""
TIME_MAX_S = 253_402_300_000
"""Late in the year 9999: no later time can be told."""
_SUBJECT = re.compile(r"[!-~]{1,128}", re.ASCII)


def is_subject(text: object) -> bool:
    """Say whether `text` can name the holder of a token: 1 to 128 visible ASCII characters."""
    return isinstance(text, str) and _SUBJECT.fullmatch(text) is not None


def grant_of(claims: Mapping[str, object], now_ns: int) -> Grant | Denied:
    """Return what `claims` grant at `now_ns`: `products` and `channels`, to `sub`, until `exp`."""
    subject, until_s = claims.get("sub"), _seconds(claims.get("exp"))
    since_s = _seconds(claims.get("nbf", 0))
    if not isinstance(subject, str) or not is_subject(subject):
        return Denied("auth_failed", "this token names no holder: sub")
    if until_s is None or since_s is None:
        return Denied("auth_failed", "this token has no time it holds for: exp, nbf", subject)
    expires_ns = until_s * NANOS_PER_S
    if now_ns >= expires_ns:
        return Denied("token_expired", "this token has expired", subject)
    if now_ns < (since_s - LEEWAY_S) * NANOS_PER_S:
        return Denied("auth_failed", "this token does not hold yet: nbf", subject)
    products, channels = _texts(claims.get("products")), _texts(claims.get("channels"))
    if not products or not all(map(is_safe, products)):
        return Denied("auth_failed", "this token grants no products", subject)
    if not channels or not set(channels) <= {EVERYTHING, *GRANTABLE}:
        return Denied("auth_failed", "this token grants no channels", subject)
    return Grant(subject, products, channels, expires_ns)


def _seconds(value: object) -> int | None:
    """Return a time of a token, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= TIME_MAX_S else None


def _texts(value: object) -> tuple[str, ...]:
    """Return a list of texts, nothing where it is none."""
    if not isinstance(value, list):
        return ()
    found = cast("list[object]", value)
    texts = tuple(text for text in found if isinstance(text, str))
    return texts if len(texts) == len(found) else ()
