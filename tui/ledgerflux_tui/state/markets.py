"""Every product as a market: newest prices, book state, rate, and its way over the last minutes."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ledgerflux.model.stream import TickerEvent
from ledgerflux.model.units import NANOS_PER_S

MARKETS_MAX = 2_000
SAMPLES_MAX = 60
SAMPLE_EVERY_NS = 5 * NANOS_PER_S


@dataclass(slots=True)
class Market:
    """One product; texts as the venue wrote them, None: not known.

    Attributes:
        product: Its id.
        last: Price of the last trade.
        bid: Best bid.
        bid_size: Its size.
        ask: Best ask.
        ask_size: Its size.
        direction: Where the last price went: 1, -1, or 0.
        state: State of its book.
        integrity: What proves the book: `sequence`, `checksum` or `none`.
        shard: Who makes it.
        rate: Updates and trades a second.
        events: Updates and trades of its epoch.
        told_ns: When the gateway last spoke for it.
        samples: Last prices, one every 5 s for 5 minutes, the newest last.
    """

    product: str
    last: str | None = None
    bid: str | None = None
    bid_size: str | None = None
    ask: str | None = None
    ask_size: str | None = None
    direction: int = 0
    state: str = "init"
    integrity: str = "none"
    shard: int | None = None
    rate: float | None = None
    events: int = 0
    told_ns: int | None = None
    samples: deque[str] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))

    def take(self, ticker: TickerEvent, now_ns: int) -> None:
        """Take the newest prices."""
        if ticker.price is not None and ticker.price != self.last:
            if self.last is not None:
                self.direction = 1 if Decimal(ticker.price) > Decimal(self.last) else -1
            self.last = ticker.price
        self.bid, self.bid_size = ticker.bid, ticker.bid_size
        self.ask, self.ask_size = ticker.ask, ticker.ask_size
        self.told_ns = now_ns


@dataclass(slots=True)
class Markets:
    """All products of the gateway, or those asked for; bounded, what comes after is not shown.

    `events_total` counts the updates and trades of all since the first status.
    """

    by_product: dict[str, Market] = field(default_factory=dict)
    events_total: int = 0
    _sampled_ns: int = 0

    def of(self, product: str) -> Market:
        """Return the market of `product`, a new one where it was not known."""
        market = self.by_product.get(product)
        if market is None:
            market = Market(product)
            if len(self.by_product) < MARKETS_MAX:
                self.by_product[product] = market
        return market

    def take(
        self, heads: Mapping[str, Any], shards: Mapping[str, int], seconds: float, now_ns: int
    ) -> None:
        """Take where every product stands.

        Args:
            heads: `heads` of a status.
            shards: The shard of each product.
            seconds: Since the heads before; 0 where there were none.
            now_ns: Now.

        Raises:
            KeyError: A head lacks what every head has.
        """
        for product, head in heads.items():
            market = self.of(product)
            events = int(head["level2"]) + int(head["trades"])
            if seconds > 0 and events >= market.events:
                market.rate = (events - market.events) / seconds
                self.events_total += events - market.events
            market.events = events
            market.state, market.integrity = str(head["state"]), str(head["integrity"])
            market.shard = shards.get(product, market.shard)
            market.told_ns = now_ns
        self._sample(now_ns)

    def _sample(self, now_ns: int) -> None:
        if now_ns - self._sampled_ns < SAMPLE_EVERY_NS:
            return
        self._sampled_ns = now_ns
        for market in self.by_product.values():
            if market.last is not None:
                market.samples.append(market.last)
