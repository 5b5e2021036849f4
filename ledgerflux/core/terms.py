"""What of a stream a client asks for: how deep, and how often."""

from typing import Literal, NamedTuple, get_args

Depth = Literal[1, 10, 25, 50, 100, 500, 1000, "full"]
Conflation = Literal["none", "50ms", "100ms", "250ms", "1s", "latest"]

Interval = Literal["1m", "5m", "15m", "1h", "6h", "1d"]
"""How long a candle is."""

CONFLATIONS: tuple[Conflation, ...] = get_args(Conflation)
DEPTHS: tuple[Depth, ...] = get_args(Depth)
DEPTH_DEFAULT: Depth = 50
GRID_MS = 50
"""Conflated streams are told at multiples of it, by the wall clock."""
INTERVALS: dict[Conflation, int] = {"50ms": 1, "100ms": 2, "250ms": 5, "1s": 20}
"""How many ticks of the grid lie between two tellings."""


INTERVAL_S: dict[Interval, int] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3600,
    "6h": 21_600,
    "1d": 86_400,
}
"""Candles begin at multiples of it, UTC."""
INTERVAL_DEFAULT: Interval = "1m"


class Terms(NamedTuple):
    """Levels of each side (level2 only), how often they are told, how long a candle is."""

    depth: Depth = "full"
    conflate: Conflation = "none"
    interval: Interval | None = None
    """Of candles; they are told every second."""

    @property
    def every(self) -> int | None:
        """Return how many ticks of the grid lie between two tellings; None: it is no matter."""
        return INTERVALS.get("1s" if self.interval else self.conflate)


WHOLE = Terms()
"""Everything, as it comes."""
