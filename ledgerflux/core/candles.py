"""One product's bars at every interval, made from its trades as the log tells them."""

import msgspec

from ledgerflux.core.candle import Traded, units
from ledgerflux.core.candle_line import CandleLine
from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.terms import INTERVAL_S, Interval
from ledgerflux.errors import LogError
from ledgerflux.model.units import NANOS_PER_S, parse_time_ns


class _Trade(msgspec.Struct, gc=False):
    seq: int
    price: str
    size: str
    ts_exchange: str | None
    ts_receive: str


_trades = msgspec.json.Decoder(list[_Trade])


class Candles:
    """Always up to date, followed or not: who comes in the middle of a bar gets all of it."""

    __slots__ = ("_at", "_lines", "sure")

    def __init__(self) -> None:
        self._at = START
        self.sure = True
        """Nothing was interrupted since the last trade: the book's time may close bars."""
        self._lines = {
            interval: CandleLine(seconds * NANOS_PER_S) for interval, seconds in INTERVAL_S.items()
        }

    def line(self, interval: Interval) -> CandleLine:
        """Return the bars of one interval."""
        return self._lines[interval]

    def begin(self, position: Position) -> None:
        """Trades go on after `position`: those in between are missing; elsewhere, all is."""
        if position == self._at:
            return
        missing = position.epoch == self._at.epoch and position.seq > self._at.seq
        self._at = position
        for line in self._lines.values():
            if missing:
                line.doubt(position.seq + 1)
            else:
                line.begin(position.seq)

    def interrupt(self) -> None:
        """The venue's feed broke: whether trades are missing is known with the next of them."""
        self.sure = False

    def add(self, position: Position, body: bytes, *, gap: bool) -> None:
        """Take a batch that ends at `position`: trades, or gaps in them.

        Raises:
            LogError: It holds what can be no trade (`log_corrupt`).
        """
        self._at, self.sure = position, True
        if gap:
            for line in self._lines.values():
                line.doubt()
            return
        for trade in _read(body):
            for line in self._lines.values():
                line.add(trade)


def _read(body: bytes) -> list[Traded]:
    try:
        return [_traded(trade) for trade in _trades.decode(body)]
    except (msgspec.DecodeError, ValueError) as error:
        raise LogError(f"trades of the log can't be read: {error}") from error


def _traded(trade: _Trade) -> Traded:
    price, size = units(trade.price), units(trade.size)
    at_ns = _time_ns(trade.ts_exchange) or _time_ns(trade.ts_receive)
    if price is None or size is None or at_ns is None:
        raise ValueError(f"trade {trade.seq} has no price, size or time")
    return Traded(trade.seq, at_ns, trade.price, price, size, trade.ts_exchange, trade.ts_receive)


def _time_ns(text: str | None) -> int | None:
    """Return a time that is one; venues write the year 1 for none."""
    found = None if text is None else parse_time_ns(text)
    return found if found is not None and found > 0 else None
