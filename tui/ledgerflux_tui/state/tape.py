"""The newest trades of the selected product."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ledgerflux.model.stream import TradeEvent

TRADES_MAX = 500


@dataclass(slots=True)
class Tape:
    """Trades of one product, the newest last; bounded, the oldest go.

    `trades_total` and `gaps_total` count since the product was selected.
    """

    product: str | None = None
    trades: deque[TradeEvent] = field(default_factory=lambda: deque(maxlen=TRADES_MAX))
    trades_total: int = 0
    gaps_total: int = 0
    told_ns: int | None = None

    def begin(self, product: str) -> None:
        """Forget everything: another product was selected."""
        self.product = product
        self.trades.clear()
        self.trades_total = self.gaps_total = 0
        self.told_ns = None

    def seed(self, trades: Sequence[TradeEvent], now_ns: int) -> None:
        """Put in front what was traded before the first that is known."""
        first = self.trades[0].seq if self.trades else None
        older = [trade for trade in trades if first is None or trade.seq < first]
        room = TRADES_MAX - len(self.trades)
        self.trades.extendleft(reversed(older[-room:] if room else []))
        self.told_ns = now_ns

    def take(self, trades: Iterable[TradeEvent], now_ns: int) -> None:
        """Add trades, oldest first."""
        for trade in trades:
            self.trades.append(trade)
            self.trades_total += 1
        self.told_ns = now_ns
