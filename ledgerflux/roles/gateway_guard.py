"""The gateway's guard: whose pages may speak to it, and who shows what; refusals are logged."""

import json
import re

from ledgerflux.core.credentials import Authority, Denied, Grant
from ledgerflux.core.origins import Origins, is_loopback
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.remote_control import Caller, ControlRules
from ledgerflux.ports import Clock, Response, Visit
from ledgerflux.telemetry.log import Events

STATUS = {
    "auth_required": 401,
    "auth_failed": 401,
    "token_expired": 401,
    "forbidden": 403,
    "origin_refused": 403,
}
TOLD_PER_S, TOLD_BURST = 1, 20
SHOWN_MAX = 200
"""Characters of a header that stand in a line of the log."""
DEFAULT_ORIGINS = Origins()
DEFAULT_RULES = ControlRules()
OPEN = ("/",)
"""Answered to everybody: holds nothing."""
OPERATORS = ("/health", "/ready", "/metrics")
"""Answered to everybody on this machine."""
_OF_PRODUCT = re.compile(r"/v1/products/([^/]+)/(book|trades|candles)")
_CHANNEL = {"book": "level2", "trades": "trades", "candles": "candles"}

log = Events(__name__)


class GatewayGuard:
    """`ports.Guard` after `core.origins` and, where there is one, an authority on tokens."""

    def __init__(
        self,
        clock: Clock,
        origins: Origins = DEFAULT_ORIGINS,
        authority: Authority | None = None,
        control: ControlRules = DEFAULT_RULES,
    ) -> None:
        self._clock = clock
        self._origins = origins
        self._authority = authority
        self._audit = Audit(clock)
        self._control = control._replace(closed=self.closed)

    @property
    def closed(self) -> bool:
        """Say whether only those come in who show a token."""
        return self._authority is not None

    def judge(self, visit: Visit) -> Response | None:
        """See `ports.Guard.judge`."""
        if visit.websocket and not self._origins.admits(visit.origin, visit.host):
            shown = (visit.origin or "")[:SHOWN_MAX]
            self._audit.tell("origin.refused", address=visit.address, origin=shown)
            return refusal("origin_refused", "pages of this origin may not speak to this gateway")
        if not self.closed or _is_open(visit):
            return None
        if visit.bearer is None:  # a WebSocket may still show one as its first message
            return None if visit.websocket else refusal("auth_required", "show a token: Bearer")
        verdict = self.verdict(visit.bearer, visit.address)
        if isinstance(verdict, Denied):
            return refusal(verdict.code, verdict.message)
        why = None if visit.websocket else _refused(verdict, visit.path)
        return None if why is None else refusal("forbidden", why)

    def verdict(self, token: str, address: str) -> Grant | Denied:
        """Return what `token` grants to somebody at `address`, or why nothing; failures are told.

        Only where the guard is `closed`.
        """
        assert self._authority is not None
        verdict = self._authority.judge(token, self._clock.now_ns())
        if isinstance(verdict, Denied):
            self._audit.tell(
                "auth.refused", address=address, code=verdict.code, subject=verdict.subject
            )
        return verdict

    def refuse_control(self, caller: Caller) -> str | None:
        """Return why `caller` may not control the stack; refusals are told."""
        why = self._control.refuse(caller)
        if why is not None:
            subject = caller.grant.subject if caller.grant else ""
            self._audit.tell("control.refused", address=caller.address, subject=subject, reason=why)
        return why

    def grant(self, bearer: str | None) -> Grant | None:
        """Return what the token of a handshake grants, None where it showed none."""
        if self._authority is None or bearer is None:
            return None
        verdict = self._authority.judge(bearer, self._clock.now_ns())
        return None if isinstance(verdict, Denied) else verdict


class Audit:
    """Tells refusals in the log: so many a second, and how many it left out before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bucket = TokenBucket(TOLD_PER_S, TOLD_BURST, clock.monotonic_ns())
        self._untold = 0

    def tell(self, event: str, **fields: str) -> None:
        """Write one line; `fields` hold nothing that is secret."""
        if self._bucket.take(self._clock.monotonic_ns()):
            self._untold += 1
            return
        untold, self._untold = self._untold, 0
        log.warning(event, **fields, untold=untold)


def refusal(code: str, message: str) -> Response:
    """Return what is answered to whoever may not come in."""
    error = {"code": code, "message": message, "retryable": False, "retry_after_ms": None}
    status = STATUS[code]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    body = json.dumps({"error": error}).encode()
    return Response(status, "application/json", body, headers=headers)


def _is_open(visit: Visit) -> bool:
    if visit.path in OPEN:
        return True
    return visit.path in OPERATORS and is_loopback(visit.address)


def _refused(grant: Grant, path: str) -> str | None:
    """Return why `grant` is not enough for a GET of `path`."""
    if path == "/v1/status":
        return grant.refuses("system", None)
    asked = _OF_PRODUCT.fullmatch(path)
    return None if asked is None else grant.refuses(_CHANNEL[asked[2]], [asked[1]])
