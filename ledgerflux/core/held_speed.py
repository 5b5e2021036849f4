"""The speed that a market holds: market seconds a second, of late."""

from ledgerflux.model.units import NANOS_PER_MS

OVER_NS = 900 * NANOS_PER_MS
"""It is measured over at least so long."""


class HeldSpeed:
    """Measures from `offset_ns` at `now_ns` on; `value` is None before the first result."""

    def __init__(self, offset_ns: int, now_ns: int) -> None:
        self.value: float | None = None
        self._then_ns, self._then_offset_ns = now_ns, offset_ns

    def measure(self, offset_ns: int, now_ns: int) -> None:
        """Take in where the market is."""
        passed_ns = now_ns - self._then_ns
        if passed_ns >= OVER_NS:
            self.value = (offset_ns - self._then_offset_ns) / passed_ns
            self._then_ns, self._then_offset_ns = now_ns, offset_ns
