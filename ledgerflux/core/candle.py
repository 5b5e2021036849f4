"""One bar of trades, exact: prices as the venue wrote them, sums as integers."""

from typing import NamedTuple

from ledgerflux.model.stream import CandleEvent
from ledgerflux.model.units import is_decimal, rfc3339

SCALE = 24
"""No price or size has more decimals, so each is an exact integer at this scale."""
VWAP_DECIMALS = 12
"""Of the average price at least: more where the bar's own prices have more."""


class Traded(NamedTuple):
    """A trade: when, at which price (text, and integer at `SCALE`), how much (at `SCALE`)."""

    seq: int
    at_ns: int
    price: str
    price_units: int
    size_units: int
    ts_exchange: str | None
    ts_receive: str


class Candle:
    """The trades of one interval in the order of their seq; there is at least one.

    `whole` says that no other trade of the interval can have been missed.
    """

    __slots__ = (
        "_high_units",
        "_low_units",
        "_value",
        "_volume_units",
        "close",
        "high",
        "last_seq",
        "low",
        "open",
        "start_ns",
        "trades",
        "ts_exchange",
        "ts_receive",
        "whole",
    )

    def __init__(self, start_ns: int, first: Traded, *, whole: bool) -> None:
        self.start_ns = start_ns
        self.whole = whole
        self.open = self.high = self.low = self.close = first.price
        self.trades = 0
        self._high_units = self._low_units = first.price_units
        self._volume_units = self._value = 0
        self.add(first)

    def add(self, trade: Traded) -> None:
        """Count the next trade."""
        units = trade.price_units
        if units > self._high_units:
            self.high, self._high_units = trade.price, units
        elif units < self._low_units:
            self.low, self._low_units = trade.price, units
        self.close = trade.price
        self.last_seq = trade.seq
        self.ts_exchange, self.ts_receive = trade.ts_exchange, trade.ts_receive
        self.trades += 1
        self._volume_units += trade.size_units
        self._value += units * trade.size_units

    def event(self, *, closed: bool) -> CandleEvent:
        """Return the bar as it is told."""
        return CandleEvent(
            start=rfc3339(self.start_ns),
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=_text(self._volume_units, SCALE),
            trades=self.trades,
            vwap=self._vwap(),
            closed=closed,
            whole=self.whole,
            ts_exchange=self.ts_exchange,
            ts_receive=self.ts_receive,
        )

    def _vwap(self) -> str | None:
        """Return the average price by volume, rounded half to even; None where nothing moved.

        With at least as many decimals as `high` and `low` it lies between them.
        """
        if self._volume_units <= 0:
            return None
        decimals = max(VWAP_DECIMALS, _decimals(self.high), _decimals(self.low))
        return _text(_divided(self._value * 10**decimals, self._volume_units * 10**SCALE), decimals)


def units(text: str) -> int | None:
    """Return the exact integer of a plain decimal at `SCALE`, None where it is none."""
    if not is_decimal(text):
        return None
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(SCALE, "0"))


def _divided(dividend: int, divisor: int) -> int:
    """Return the quotient, rounded half to even; `divisor` is positive."""
    quotient, rest = divmod(dividend, divisor)
    up = 2 * rest > divisor or (2 * rest == divisor and quotient % 2)
    return quotient + 1 if up else quotient


def _decimals(text: str) -> int:
    return len(text.partition(".")[2].rstrip("0"))


def _text(value: int, scale: int) -> str:
    """Return `value` / 10**`scale` as a plain decimal without zeros at its end."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-scale]}{'.' if fraction else ''}{fraction}"
