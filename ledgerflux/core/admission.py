"""What one client may ask: so often, and in the protocol's words. Time is an argument."""

from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import PROTOCOL, RATE_LIMITED, Close
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.throttling import Throttled
from ledgerflux.model.units import NANOS_PER_MS


class Admission:
    """Judges requests; it is warned halfway to the end that too many refusals in a row bring.

    What a client may ask is bounded twice: by its own bucket, and by `shared`, the one of
    every client of its address.
    """

    __slots__ = ("_bucket", "_faults", "_limits", "_refusals", "_shared", "_warned")

    def __init__(self, limits: Limits, now_ns: int, shared: TokenBucket | None) -> None:
        self._limits = limits
        self._bucket = TokenBucket(limits.requests_per_s, limits.requests_burst, now_ns)
        self._shared = shared
        self._refusals = 0
        self._faults = 0
        self._warned = False

    def admit(self, now_ns: int) -> tuple[int | Close, Throttled | None]:
        """Judge one more request: 0 admitted, else ns to wait, or the end; and what is told."""
        wait_ns = self._bucket.take(now_ns)
        if not wait_ns and self._shared is not None:
            wait_ns = self._shared.take(now_ns)
        if not wait_ns:
            return 0, self._over()
        self._refusals += 1
        left = self._limits.refusals_max - self._refusals
        if left <= 0:
            return Close(RATE_LIMITED, "rate_limited"), None
        if self._warned or left > self._limits.refusals_max // 2:
            return wait_ns, None
        self._warned = True
        retry_after_ms = -(-wait_ns // NANOS_PER_MS)
        told = Throttled("requests", "refusing", self._refusals, retry_after_ms, left)
        return wait_ns, told

    def hear(self, *, understood: bool) -> Close | None:
        """Note a message that was a request, or none; the end after too many that were none."""
        self._faults = 0 if understood else self._faults + 1
        if self._faults >= self._limits.faults_max:
            return Close(PROTOCOL, "protocol_error")
        return None

    def _over(self) -> Throttled | None:
        refused, self._refusals = self._refusals, 0
        warned, self._warned = self._warned, False
        return Throttled("requests", "ended", refused) if warned else None
