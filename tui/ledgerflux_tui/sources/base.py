"""What the dashboard asks of whoever feeds it."""

from typing import NamedTuple, Protocol

from ledgerflux.core.terms import Depth, Interval
from ledgerflux_tui.state.view_state import ViewState


class Focus(NamedTuple):
    """The product whose book, trades and candles are followed, and how much of them."""

    product: str
    depth: Depth = 25
    interval: Interval = "1m"


class Source(Protocol):
    """Feeds a `ViewState`; runs on the loop of the dashboard."""

    async def run(self, state: ViewState) -> None:
        """Feed `state` until cancelled; a lost connection is part of the state, no error."""
        ...

    async def control(self, action: str, **params: object) -> str:
        """Have the stack do something (`Client.control`); return why not, empty where it does."""
        ...

    def focus(self, focus: Focus) -> None:
        """Follow the details of another product from now on; of several calls the last counts."""
        ...
