"""The one state that every panel pulls from: conflated, bounded, plain values.

A source writes, panels read, on one loop; nothing here knows a terminal or a socket.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ledgerflux_tui.state.books import Books
from ledgerflux_tui.state.candles import Candles
from ledgerflux_tui.state.connection import Connection
from ledgerflux_tui.state.markets import Markets
from ledgerflux_tui.state.pipeline import Pipeline
from ledgerflux_tui.state.replay import Replay
from ledgerflux_tui.state.shards import Shards
from ledgerflux_tui.state.tape import Tape


@dataclass(slots=True)
class Clocks:
    """The screens' own time: `now_ns` is UTC and never goes back; `fps` what is held now."""

    now_ns: int = 0
    fps_asked: float = 10.0
    fps: float = 10.0


def busiest(heads: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the product with the most updates in its epoch, of equals the first by name."""
    return min(heads, key=lambda product: (-heads[product]["level2"], product))


@dataclass(slots=True)
class ViewState:
    """Everything that is shown; `selected` is the product whose details are followed."""

    clocks: Clocks = field(default_factory=Clocks)
    connection: Connection = field(default_factory=Connection)
    markets: Markets = field(default_factory=Markets)
    books: Books = field(default_factory=Books)
    tape: Tape = field(default_factory=Tape)
    candles: Candles = field(default_factory=Candles)
    shards: Shards = field(default_factory=Shards)
    pipeline: Pipeline = field(default_factory=Pipeline)
    replay: Replay = field(default_factory=Replay)
    selected: str | None = None

    def take_status(self, status: Mapping[str, Any], now_ns: int) -> None:
        """Take an `lf.status/1`.

        Raises:
            KeyError: It lacks what every status has; also TypeError, ValueError, AttributeError.
        """
        self.connection.take(status)
        self.replay.take(status)
        self.shards.take(status, now_ns)
        seconds = self.pipeline.take(status, now_ns)
        self.markets.take(status["heads"], self.shards.of_product(), seconds, now_ns)
        if self.selected is None and self.markets.by_product:
            self.selected = busiest(status["heads"])

    def frozen(self) -> "ViewState":
        """Return a picture of now that no source changes any more."""
        return deepcopy(self)
