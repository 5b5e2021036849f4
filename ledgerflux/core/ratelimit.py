"""How often something may happen: a bucket of tokens that fills with time."""

from ledgerflux.model.units import NANOS_PER_S


class TokenBucket:
    """Allows `burst` takes at once and `rate` every `per_s` seconds in the long run.

    Holds one integer of credit in nanoseconds; the caller's clock must not step back (a
    step back is taken as no time at all).
    """

    __slots__ = ("_cost_ns", "_credit_ns", "_full_ns", "_now_ns")

    def __init__(self, rate: int, burst: int, now_ns: int, *, per_s: int = 1) -> None:
        self._cost_ns = per_s * NANOS_PER_S // rate
        self._full_ns = self._cost_ns * burst
        self._credit_ns = self._full_ns
        self._now_ns = now_ns

    def take(self, now_ns: int, tokens: int = 1) -> int:
        """Spend tokens and return 0; where there are too few, return the wait in nanoseconds."""
        elapsed_ns = max(0, now_ns - self._now_ns)
        self._now_ns += elapsed_ns
        self._credit_ns = min(self._full_ns, self._credit_ns + elapsed_ns)
        cost_ns = tokens * self._cost_ns
        if self._credit_ns < cost_ns:
            return cost_ns - self._credit_ns
        self._credit_ns -= cost_ns
        return 0
