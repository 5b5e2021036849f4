"""The candles of the selected product."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledgerflux.model.stream import CandleEvent

BARS_MAX = 240


@dataclass(slots=True)
class Candles:
    """Bars of one product and interval by their start; bounded, the oldest go."""

    product: str | None = None
    interval: str = "1m"
    by_start: dict[str, CandleEvent] = field(default_factory=dict)
    told_ns: int | None = None

    def begin(self, product: str, interval: str) -> None:
        """Forget everything: another product or interval was selected."""
        self.product, self.interval = product, interval
        self.by_start.clear()
        self.told_ns = None

    def take(self, bars: Iterable[CandleEvent], now_ns: int) -> None:
        """Put bars in, each in place of the one with its start."""
        for bar in bars:
            self.by_start[bar.start] = bar
        for start in sorted(self.by_start)[:-BARS_MAX]:
            del self.by_start[start]
        self.told_ns = now_ns

    def bars(self) -> list[CandleEvent]:
        """Return the bars, oldest first."""
        return [self.by_start[start] for start in sorted(self.by_start)]
