"""Candles of one interval as their followers were told them; everybody shares one.

`seq` is that of the trades. Each message tells the bars that changed since the last one, whole:
at once where a bar is closed by a trade or flagged by a gap, else every second.
"""

from collections.abc import Iterable

import msgspec

from ledgerflux.core.candle_line import CandleLine
from ledgerflux.core.frame import Frame
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.telling import Missing, Telling
from ledgerflux.core.terms import INTERVAL_DEFAULT, Interval, Terms
from ledgerflux.core.variant import VariantBase
from ledgerflux.model.stream import CandleEvent, ChannelName
from ledgerflux.model.units import parse_time_ns

_encode = msgspec.json.Encoder().encode


def current_line(stream: ProductStream, interval: Interval) -> CandleLine:
    """Return the bars of one interval as they are now.

    What is over is told by the book's time: the venue gave it, whatever the clock here says. Once
    the feed broke, nothing is over before trades show whether any are missing.
    """
    line = stream.candles.line(interval)
    told = stream.standing().ts_exchange
    at_ns = None if told is None else parse_time_ns(told)
    if at_ns is not None and stream.candles.sure:
        line.pass_time(at_ns)
    return line


class CandleVariant(VariantBase):
    """Bounded by the bars that `core.candle_line` keeps: each as text, as it was told."""

    def __init__(self, stream: ProductStream, terms: Terms, speaker: Speaker) -> None:
        super().__init__(stream, "candles", terms, speaker, "trades")
        self._interval: Interval = terms.interval or INTERVAL_DEFAULT
        self._line = current_line(stream, self._interval)
        self._told: dict[str, bytes] = {}
        self._newest: int | None = None
        self.reset()

    def keeps(self, epoch: str, seq: int) -> bool:
        """Say whether all that trades from `seq` on changed is in the bars kept."""
        return epoch == self.at.epoch and seq >= self._line.from_seq

    def tell(self, telling: Telling) -> Frame | None:
        """Return what its followers must be told now."""
        if isinstance(telling, Missing) and telling.to_seq < telling.from_seq:
            return self._tell_break(telling)
        now = isinstance(telling, Missing) or self._line.newest != self._newest
        return self._tell_changed() if now else None

    def tick(self) -> Frame | None:
        """Return the bars that changed, or were closed by the clock, since they were told."""
        current_line(self._stream, self._interval)
        return self._tell_changed()

    def reset(self) -> None:
        """The stream became another, or is told from here on."""
        self.at = self._now()
        current_line(self._stream, self._interval)
        self._line.take_changed()
        self._told.clear()
        self._remember(self._line.newest_events())

    def snapshot(self) -> Snapshot:
        """Return the book, which no follower of candles asks for."""
        return self._stream.snapshot()

    def latest(self, channel: ChannelName) -> tuple[Position, bytes] | None:
        """Return the bars as they were told, None where there are none."""
        assert channel == self.channel
        if not self._told:
            return None
        return self.at, b",".join(self._told[start] for start in sorted(self._told))

    def _tell_break(self, missing: Missing) -> Frame:
        """Tell that an epoch begins, or that the log can't be followed."""
        if missing.cause == "epoch":
            self._told.clear()
        before, missing = self._missed(missing._replace(channel="candles"))
        return Frame(before, self.at, self._speaker.gap(self, missing))

    def _tell_changed(self) -> Frame | None:
        changed = self._line.take_changed()
        if not changed:
            return None
        before, self.at = self.at, self._now()
        events = b",".join(self._remember(changed))
        message = self._speaker.candles(self, self.terms.interval, self.at, events, before.seq)
        return Frame(before, self.at, message)

    def _remember(self, events: Iterable[CandleEvent]) -> list[bytes]:
        """Keep what is told of bars, as long as the bars are kept."""
        told = {event.start: _encode(event) for event in events}
        self._told.update(told)
        self._newest = self._line.newest
        for start in sorted(self._told)[: -self._line.bars_max]:
            del self._told[start]
        return list(told.values())
