"""What all partitions of one ingest share."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from ledgerflux.core.inbox import Room
from ledgerflux.ports import Bus, Clock, Feed
from ledgerflux.roles.pacer import Pacer


class IngestTools(NamedTuple):
    """What all partitions of an ingest share."""

    bus: Bus
    clock: Clock
    feed: Feed
    pacer: Pacer
    random: Callable[[], float]
    writer: str
    room: Room
    """What all partitions may hold while the bus is away."""
    crowded_bytes: int
    """One partition's share of it: with more, its socket is held back for a while."""
    silence_s: float | None
    """A socket without a frame for this long is dead; None where silence is normal."""
    stall_s: float | None
    """The same once the socket has brought a heartbeat; None where it may stop."""
    held: Callable[[], Awaitable[bool]]
    """Says whether somebody holds the market: it is silent then, and its sockets are well."""
    backoff_cap_s: float
    """The longest wait before a socket is tried again."""
