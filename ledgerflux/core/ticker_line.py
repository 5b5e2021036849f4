"""One product's ticker: the venue's own, or made from the book's top and the last trade."""

from ledgerflux.core.book import Top
from ledgerflux.core.numbering import Numbering, exchange_time
from ledgerflux.core.trade_line import TradeLine
from ledgerflux.model.events import Ticker
from ledgerflux.model.stream import TickerEvent
from ledgerflux.model.units import rfc3339

NOTHING: Top = (None, None)


class TickerLine:
    """What was last told of a product's ticker; publishes through `numbering`."""

    __slots__ = ("_numbering", "top")

    def __init__(self, numbering: Numbering, *, top: Top = NOTHING) -> None:
        self.top = top
        self._numbering = numbering

    def forget(self) -> None:
        """Let the next derived ticker be told, whatever was told before."""
        self.top = NOTHING

    def venue(self, event: Ticker, receive_ns: int) -> None:
        """Publish the venue's own ticker."""
        published = TickerEvent(
            seq=self._numbering.next("ticker"),
            ts_exchange=exchange_time(event.exchange_ns),
            ts_receive=rfc3339(receive_ns),
            price=event.price,
            size=event.size,
            bid=event.bid,
            bid_size=event.bid_size,
            ask=event.ask,
            ask_size=event.ask_size,
            volume_24h=event.volume_24h,
            low_24h=event.low_24h,
            high_24h=event.high_24h,
            trade_id=event.trade_id,
        )
        self._numbering.emit("ticker", "ticker", published)

    def derive(
        self, top: Top, trades: TradeLine, *, traded: bool, exchange_ns: int | None, receive_ns: int
    ) -> None:
        """Publish a ticker made from a live book's `top`, where that or the last trade is new."""
        if top == self.top and not traded:
            return
        self.top = top
        bid, ask = top
        derived = TickerEvent(
            seq=self._numbering.next("ticker"),
            ts_exchange=exchange_time(exchange_ns),
            ts_receive=rfc3339(receive_ns),
            price=trades.price,
            size=trades.size,
            bid=bid[0] if bid else None,
            bid_size=bid[1] if bid else None,
            ask=ask[0] if ask else None,
            ask_size=ask[1] if ask else None,
            trade_id=trades.last_id,
            derived=True,
        )
        self._numbering.emit("ticker", "ticker", derived)
