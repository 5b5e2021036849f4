"""The bars of one product and interval: from trades by seq, and honest about what was missed.

A bar is closed by a trade of a later one, or by the venue's clock. It is whole if no trade of
its time can have been missed: it began after the first trade known here, and no gap touches it.
"""

from collections.abc import Iterable

from ledgerflux.core.candle import Candle, Traded
from ledgerflux.model.stream import CandleEvent
from ledgerflux.model.units import NANOS_PER_S

BARS_MAX = 120
GRACE_NS = 2 * NANOS_PER_S
"""What other channels say of the time closes a bar so much later: trades may come after them."""


class CandleLine:
    """Bounded by `bars_max`: the oldest go, and what is late for them is counted only.

    `changed` bars are those not taken since; `from_seq` is the first seq from which every
    trade is in the bars kept.
    """

    __slots__ = (
        "_bars",
        "_changed",
        "_closed_ns",
        "_doubted",
        "_doubts",
        "_interval_ns",
        "_last",
        "_since",
        "bars_max",
        "from_seq",
        "late_total",
        "newest",
    )

    def __init__(self, interval_ns: int, bars_max: int = BARS_MAX) -> None:
        self.late_total = 0
        self._interval_ns = interval_ns
        self.bars_max = bars_max
        self.begin(0)

    def begin(self, seq: int) -> None:
        """Know of nothing before and at `seq`."""
        self.newest: int | None = None
        """Start of the newest bar."""
        self.from_seq = seq + 1
        self._bars: dict[int, Candle] = {}
        self._changed: dict[int, None] = {}
        self._since: int | None = None
        self._last = 0
        self._closed_ns = 0
        self._doubted = False
        self._doubts: list[tuple[int, int]] = []

    def add(self, trade: Traded) -> None:
        """Count the next trade by seq."""
        start = trade.at_ns - trade.at_ns % self._interval_ns
        if self._doubted and not self._is_late(start):
            self._settle(start)
        bar = self._bars.get(start)
        if bar is not None:
            bar.add(trade)
        elif not self._make(start, trade):
            self.late_total += 1
            self.from_seq = trade.seq + 1
            return
        self._changed[start] = None
        self._last = start
        if self.newest is None or start > self.newest:
            self.newest = start
            self._close(start)

    def doubt(self, from_seq: int | None = None) -> None:
        """Trades are missing after the last one: up to the next, no bar is whole.

        `from_seq` is that of the next event, where not even a gap of the venue tells of them.
        """
        if from_seq is not None:
            self.from_seq = from_seq
        if self.newest is not None:
            self._doubted = True
            self._flag(self._last, self.newest)

    def pass_time(self, now_ns: int) -> None:
        """The venue's clock, as other channels tell it, is at `now_ns`."""
        self._close(now_ns - GRACE_NS)

    def take_changed(self) -> list[CandleEvent]:
        """Return what is not taken yet, oldest first."""
        changed = sorted(self._changed)
        self._changed.clear()
        return self._events(changed)

    def newest_events(self, limit: int = BARS_MAX) -> list[CandleEvent]:
        """Return the newest bars, oldest first."""
        return self._events(sorted(self._bars)[-limit:])

    def _events(self, starts: Iterable[int]) -> list[CandleEvent]:
        return [self._bars[start].event(closed=self._is_closed(start)) for start in starts]

    def _is_closed(self, start: int) -> bool:
        return start + self._interval_ns <= self._closed_ns

    def _is_late(self, start: int) -> bool:
        """Say whether a bar was let go, or would be at once."""
        full = len(self._bars) >= self.bars_max
        return start not in self._bars and full and start < min(self._bars)

    def _make(self, start: int, trade: Traded) -> bool:
        if self._is_late(start):
            return False
        if len(self._bars) >= self.bars_max:
            self._let_go(min(self._bars))
        if self._since is None:
            self._since = start
        whole = start > self._since and not any(low <= start <= up for low, up in self._doubts)
        self._bars[start] = Candle(start, trade, whole=whole)
        return True

    def _let_go(self, start: int) -> None:
        self.from_seq = max(self.from_seq, self._bars.pop(start).last_seq + 1)
        self._changed.pop(start, None)
        self._doubts = [(low, up) for low, up in self._doubts if up > start]

    def _settle(self, start: int) -> None:
        """A trade of the bar at `start` came after those missed."""
        assert self.newest is not None
        low, up = min(self._last, start), max(self.newest, start)
        self._doubted = False
        self._flag(low, up)
        if self._doubts and low <= self._doubts[-1][1]:
            low = min(low, self._doubts.pop()[0])
        self._doubts.append((low, up))

    def _flag(self, low: int, up: int) -> None:
        for start, bar in self._bars.items():
            if low <= start <= up and bar.whole:
                bar.whole = False
                self._changed[start] = None

    def _close(self, upto_ns: int) -> None:
        """Bars that end up to `upto_ns` are closed."""
        if upto_ns <= self._closed_ns:
            return
        for start in self._bars:
            if self._closed_ns < start + self._interval_ns <= upto_ns:
                self._changed[start] = None
        self._closed_ns = upto_ns
