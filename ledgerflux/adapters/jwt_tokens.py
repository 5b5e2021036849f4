"""Signed tokens (JWT): checked against the keys of a file, and made with one.

PyJWT judges form, signature, `aud` and `iss`; `core.claims` judges time and what is granted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledgerflux.adapters.jwt_keys import JwtKey, library
from ledgerflux.core.claims import grant_of
from ledgerflux.core.credentials import TOKEN_CHARS_MAX, WRONG, Denied, Grant

OPTIONS = {
    "require": ["exp"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
"""Time is judged at the time that is asked about."""
UNREADABLE = (ValueError, TypeError)
"""What the library lets through of texts that are no tokens at all."""


class SignedTokens:
    """`core.credentials.Authority` on tokens that one of `keys` has signed."""

    def __init__(
        self, keys: Sequence[JwtKey], *, issuer: str | None = None, audience: str | None = None
    ) -> None:
        self._jwt = library()
        self._keys = tuple(keys)
        self._issuer = issuer
        self._audience = audience

    def judge(self, token: str, now_ns: int) -> Grant | Denied:
        """See `Authority.judge`; nothing of a token is looked at that is longer than any is."""
        if len(token) > TOKEN_CHARS_MAX:
            return WRONG
        try:
            claims = self._claims(token)
        except (*UNREADABLE, self._jwt.PyJWTError):
            return WRONG
        return claims if isinstance(claims, Denied) else grant_of(claims, now_ns)

    def _claims(self, token: str) -> Mapping[str, Any] | Denied:
        """Return what a token says that one of the keys has signed, by its own algorithm."""
        jwt = self._jwt
        head = jwt.get_unverified_header(token)
        for key in self._keys:
            if head.get("alg") != key.algorithm or not _is_named(key, head):
                continue
            try:
                found: Mapping[str, Any] = jwt.decode(
                    token,
                    key.material,
                    algorithms=[key.algorithm],
                    audience=self._audience,
                    issuer=self._issuer,
                    options=OPTIONS,
                )
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
                return Denied("auth_failed", "this token is not for this gateway: aud, iss")
            except jwt.MissingRequiredClaimError as error:
                return Denied("auth_failed", f"this token says nothing of {error.claim}")
            return found
        return WRONG


def _is_named(key: JwtKey, head: Mapping[str, Any]) -> bool:
    """Say whether a key can be the one a token names; who names none may mean any."""
    return "kid" not in head or key.kid is None or head["kid"] == key.kid


def signed(key: JwtKey, claims: Mapping[str, Any]) -> str:
    """Return a token that says `claims`."""
    headers = None if key.kid is None else {"kid": key.kid}
    token: str = library().encode(
        dict(claims), key.material, algorithm=key.algorithm, headers=headers
    )
    return token
