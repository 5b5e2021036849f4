"""What a client wishes of streams besides which they are."""

from typing import Literal, NamedTuple

from ledgerflux.core.terms import Terms
from ledgerflux.model.stream import ChannelName

OnSlow = Literal["snapshot", "gap", "disconnect"]
"""What a client that reads too slowly wants: a gap and the state, a gap alone, or the end."""
Reason = Literal["subscribe", "resync", "slow", "requested", "epoch"]


def on_slow_of(channel: ChannelName, asked: OnSlow | None) -> OnSlow:
    """Return what was asked for, or what fits the channel: trades have no state to send."""
    return asked or ("gap" if channel == "trades" else "snapshot")


class Asked(NamedTuple):
    """What a client wants of streams besides which they are."""

    terms: Terms
    on_slow: OnSlow
