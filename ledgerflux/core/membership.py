"""Whether one client of a gateway may ask, and until when: a machine without I/O.

Two clocks: `now_ns` is the time of day, by which tokens expire.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ledgerflux.core.credentials import Denied, Grant
from ledgerflux.core.parting import AUTH_FAILED, AUTH_TIMEOUT, EXPIRED, Close
from ledgerflux.core.request_desk import Refusal
from ledgerflux.model.units import NANOS_PER_S

GRACE_S = 25
"""How long a client whose token has expired may still show another one."""


class Ending(NamedTuple):
    """The connection must end; `refusal` says why."""

    refusal: Refusal
    close: Close


class Membership:
    """What one client was granted; `required` where nothing is without."""

    def __init__(self, *, required: bool, grant: Grant | None, now_ns: int, wait_s: int) -> None:
        self.grant = grant
        self._required = required
        self._told = False
        self._deadline_ns = now_ns + wait_s * NANOS_PER_S

    def refuse(self, channel: str, products: Iterable[str] | None) -> Refusal | None:
        """Return why this may not be followed."""
        if self.grant is None:
            return self.refuse_all()
        why = self.grant.refuses(channel, products)
        return None if why is None else Refusal("forbidden", why)

    def refuse_all(self) -> Refusal | None:
        """Return why nothing may be asked, None where something may."""
        if self._required and self.grant is None:
            return Refusal("auth_required", "say who you are first: method auth")
        return None

    def show(
        self, verdict: Grant | Denied, held: Iterable[tuple[str, str]]
    ) -> Refusal | Ending | None:
        """Take the verdict on a token; `held` is what is followed: channels, ids and patterns.

        A grant for less than what is followed is refused, and the one before stays.
        """
        if isinstance(verdict, Denied):
            refusal = Refusal(verdict.code, verdict.message)
            return Ending(refusal, Close(AUTH_FAILED, "auth_failed"))
        for channel, product in held:
            why = verdict.refuses(channel, [product])
            if why is not None:
                return Refusal("forbidden", f"{channel} {product} is followed; {why}")
        self.grant, self._told = verdict, False
        return None

    def tick(self, now_ns: int) -> Refusal | Ending | None:
        """Judge the time passed: a notice, or the end."""
        if self.grant is None:
            if not self._required or now_ns <= self._deadline_ns:
                return None
            refusal = Refusal("auth_timeout", "no token was shown in time")
            return Ending(refusal, Close(AUTH_TIMEOUT, "auth_timeout"))
        expires_ns = self.grant.expires_ns
        if expires_ns is None or now_ns < expires_ns:
            return None
        over = Refusal("token_expired", f"show another one with auth within {GRACE_S} s")
        if now_ns >= expires_ns + GRACE_S * NANOS_PER_S:
            gone = over._replace(message="no other token was shown in time")
            return Ending(gone, Close(EXPIRED, "token_expired"))
        if self._told:
            return None
        self._told = True
        return over
