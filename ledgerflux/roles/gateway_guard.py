"""The gateway's guard: whose pages may speak to it; refusals are told in its log."""

import json

from ledgerflux.core.origins import Origins
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.ports import Clock, Response, Visit
from ledgerflux.telemetry.log import Events

STATUS = {"origin_refused": 403}
TOLD_PER_S, TOLD_BURST = 1, 20
SHOWN_MAX = 200
"""Characters of a header that stand in a line of the log."""
DEFAULT_ORIGINS = Origins()

log = Events(__name__)


class GatewayGuard:
    """`ports.Guard` after `core.origins`."""

    def __init__(self, clock: Clock, origins: Origins = DEFAULT_ORIGINS) -> None:
        self._origins = origins
        self._audit = Audit(clock)

    def judge(self, visit: Visit) -> Response | None:
        """See `ports.Guard.judge`."""
        if visit.websocket and not self._origins.admits(visit.origin, visit.host):
            shown = (visit.origin or "")[:SHOWN_MAX]
            self._audit.tell("origin.refused", address=visit.address, origin=shown)
            return refusal("origin_refused", "pages of this origin may not speak to this gateway")
        return None


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
    return Response(STATUS[code], "application/json", json.dumps({"error": error}).encode())
