"""What a role may ask of the world. Each port has a real adapter and an in-memory twin."""

from ledgerflux.ports.bus import Bus, Mailbox, Stored, StreamState
from ledgerflux.ports.clients import (
    Batch,
    ClientConnection,
    Door,
    Guard,
    Handler,
    Listener,
    Pack,
    Request,
    Response,
    Sent,
    Visit,
)
from ledgerflux.ports.clock import Clock, Usage
from ledgerflux.ports.feed import Feed, FeedConnection
from ledgerflux.ports.store import BookRow, GapRow, SnapshotStore, TradeRow

__all__ = [
    "Batch",
    "BookRow",
    "Bus",
    "ClientConnection",
    "Clock",
    "Door",
    "Feed",
    "FeedConnection",
    "GapRow",
    "Guard",
    "Handler",
    "Listener",
    "Mailbox",
    "Pack",
    "Request",
    "Response",
    "Sent",
    "SnapshotStore",
    "Stored",
    "StreamState",
    "TradeRow",
    "Usage",
    "Visit",
]
