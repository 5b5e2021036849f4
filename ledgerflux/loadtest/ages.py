"""How old updates were when one client had them: noted at once, tallied now and then. No I/O."""

from ledgerflux.core.tally import TWO_DIGITS, Tally, percentile

NOTED_MAX = 128


class Ages:
    """Microseconds of one client, added to `shared` too; bounded by `NOTED_MAX` and the cells."""

    def __init__(self, shared: Tally) -> None:
        self.total = 0
        self.highest_us: int | None = None
        self._shared = shared
        self._own = Tally(TWO_DIGITS)
        self._noted: list[int] = []

    def add(self, values_us: list[int]) -> None:
        """Note ages."""
        self._noted += values_us
        if len(self._noted) >= NOTED_MAX:
            self.settle()

    def add_ramp(self, highest_us: int, count: int) -> None:
        """Tally `count` ages spread evenly from `highest_us` to none."""
        self._shared.add_ramp(highest_us, 0, count)
        self._own.add_ramp(highest_us, 0, count)
        self.highest_us = max(self.highest_us or 0, highest_us)

    def settle(self) -> None:
        """Tally what was noted."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        self.total += len(noted)
        self.highest_us = max(self.highest_us or 0, max(noted))
        self._shared.add_all(noted)
        self._own.add_all(noted)

    def percentile(self, share: float) -> int | None:
        """Return the age below or at which `share` (0 to 1) of all lie; None without any."""
        return percentile(self._own.cells.items(), share)
