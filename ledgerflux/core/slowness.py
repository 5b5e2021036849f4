"""Whether a client reads too slowly. Time is an argument."""

from ledgerflux.core.outbox import Outbox
from ledgerflux.model.units import NANOS_PER_S


class Slowness:
    """Judges one client by its outbox: for too long not drained, or nothing taken of it."""

    __slots__ = ("_after_ns", "_drained_seen", "_since_ns", "_taken_seen")

    def __init__(self, after_s: int) -> None:
        self._after_ns = after_s * NANOS_PER_S
        self._since_ns: int | None = None
        self._drained_seen: int = 0
        self._taken_seen: int = 0

    @property
    def suspected(self) -> bool:
        """Say whether the last look found it not taking what there is."""
        return self._since_ns is not None

    def judge(self, outbox: Outbox, *, catching_up: bool, now_ns: int) -> bool:
        """Say whether it is too slow; `catching_up`: more than its outbox waits for it."""
        drained, taken = outbox.drained_total, outbox.taken_total
        undrained = not outbox.has_room and (outbox.above or catching_up)
        untaken = taken == self._taken_seen and (outbox.size > 0 or catching_up)
        if not (undrained or untaken):
            self._since_ns = None
        elif self._since_ns is None or drained != self._drained_seen:
            self._since_ns = now_ns
        self._drained_seen, self._taken_seen = drained, taken
        since_ns = now_ns if self._since_ns is None else self._since_ns
        return now_ns - since_ns > self._after_ns
