"""One product's trades: each id once, and what is missing between them told once.

Source: Coinbase trade ids are +1 per product.
"""

from operator import attrgetter

from ledgerflux.core.numbering import Numbering, exchange_time
from ledgerflux.model.events import RecentTrades, Trade
from ledgerflux.model.stream import BookState, Gap, TradeEvent
from ledgerflux.model.units import rfc3339

_by_id = attrgetter("trade_id")


class TradeLine:
    """Where the trades of a product stand; publishes through `numbering`.

    `last_id`, `price` and `size` are those of the trade with the highest id known, which
    was published, told missing, or came before everything published; None before any.
    """

    __slots__ = ("_numbering", "last_id", "price", "repeated_total", "size")

    def __init__(
        self,
        numbering: Numbering,
        *,
        last_id: int | None = None,
        price: str | None = None,
        size: str | None = None,
    ) -> None:
        self.last_id = last_id
        self.price = price
        self.size = size
        self.repeated_total = 0
        self._numbering = numbering

    def begin(self) -> None:
        """Forget everything: another epoch's ids share nothing with these."""
        self.last_id = self.price = self.size = None

    def trade(self, event: Trade, state: BookState, receive_ns: int) -> bool:
        """Publish a trade, after a gap for the ids missing before it; False where repeated."""
        last = self.last_id
        if last is not None:
            if event.trade_id <= last:
                self.repeated_total += 1
                return False
            if event.trade_id > last + 1:
                self._missing(last + 1, event.trade_id - 1, state, receive_ns)
        self.last_id, self.price, self.size = event.trade_id, event.price, event.size
        published = TradeEvent(
            seq=self._numbering.next("trades"),
            trade_id=event.trade_id,
            price=event.price,
            size=event.size,
            side=event.side,
            raw_side=event.raw_side,
            ts_exchange=exchange_time(event.exchange_ns),
            ts_receive=rfc3339(receive_ns),
        )
        self._numbering.emit("trades", "trade", published)
        return True

    def recent(self, event: RecentTrades, state: BookState, receive_ns: int) -> bool:
        """Learn where trades stand, those missed being a gap; False where nothing is new."""
        newest = max(event.trades, key=_by_id, default=None)
        last = self.last_id
        if newest is None or (last is not None and newest.trade_id <= last):
            return False
        if last is not None:
            self._missing(last + 1, newest.trade_id, state, receive_ns)
        self.last_id, self.price, self.size = newest.trade_id, newest.price, newest.size
        return True

    def _missing(self, from_id: int, to_id: int, state: BookState, receive_ns: int) -> None:
        gap = Gap(
            seq=self._numbering.next("trades"),
            ts_receive=rfc3339(receive_ns),
            cause="upstream",
            state=state,
            missing=to_id - from_id + 1,
            from_id=from_id,
            to_id=to_id,
        )
        self._numbering.emit("trades", "gap", gap)
