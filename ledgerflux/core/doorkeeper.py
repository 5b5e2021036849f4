"""Who may come in: sockets, WebSockets and requests, bounded by the address they come from.

An address is the socket's own: what a proxy says of whom it speaks for is not believed. The
64-bit network of an IPv6 address counts as one, since whoever holds it has all of it. Time is
an argument.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.core.limits import Limits
from ledgerflux.core.networks import LOOPBACK, Network, peer_of
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.model.units import NANOS_PER_S

HANDSHAKES_MAX = 1024
HANDSHAKES_PER_ADDRESS = 64
ADDRESSES_MAX = 4096
RETRY_NS = NANOS_PER_S
"""What is told where only somebody's leaving makes room."""


class Turned(NamedTuple):
    """Somebody who may not come in: the code, what a client is told, and when to come again.

    Codes: `overloaded`, `limit_connections` and `throttled` of one address.
    """

    code: str
    message: str
    retry_after_ns: int


class DoorStatistics(NamedTuple):
    """Who is known and inside, and how many were turned away since the start."""

    addresses: int
    inside: int
    shaking_hands: int
    hung_up_total: int
    turned_total: int


class _Visitor:
    """One address: what it has open, and its buckets."""

    __slots__ = ("connects", "inside", "knocking", "requests")

    def __init__(self, limits: Limits, now_ns: int) -> None:
        self.inside = 0
        self.knocking = 0
        self.connects = TokenBucket(limits.connects_per_s, limits.connects_burst, now_ns)
        self.requests = TokenBucket(
            limits.address_requests_per_s, limits.address_requests_burst, now_ns
        )


class Doorkeeper:
    """Counts what each address has open and spends its buckets.

    At most `ADDRESSES_MAX` addresses are known: the one longest unheard of that has nothing
    open is forgotten for a new one. Addresses in `shared_networks` stand for many clients, and
    have no bound of their own: sockets and WebSockets are bounded in sum. Those of this machine
    do, unless told otherwise: whoever is on it needs no socket to do harm, and load tests come
    from there.
    """

    def __init__(self, limits: Limits, *, shared_networks: Sequence[Network] = LOOPBACK) -> None:
        self._limits = limits
        self._shared_networks = shared_networks
        self._visitors: dict[str, _Visitor] = {}
        self._inside = 0
        self._knocking = 0
        self._hung_up_total = 0
        self._turned_total = 0

    def knock(self, address: str, now_ns: int) -> bool:
        """A socket came; False where it must be closed at once, unheard."""
        visitor = self._visitor(address, now_ns)
        crowded = visitor is not None and visitor.knocking >= HANDSHAKES_PER_ADDRESS
        if crowded or self._knocking >= HANDSHAKES_MAX:
            self._hung_up_total += 1
            return False
        self._knocking += 1
        if visitor is not None:
            visitor.knocking += 1
        return True

    def settle(self, address: str) -> None:
        """A socket that knocked has made its request, or is gone."""
        self._knocking -= 1
        visitor = self._known(address)
        if visitor is not None:
            visitor.knocking -= 1

    def admit(self, address: str, now_ns: int) -> Turned | None:
        """Let a WebSocket in, until it leaves; or say why it must stay outside."""
        turned = self._turned(self._visitor(address, now_ns), now_ns)
        if turned is not None:
            self._turned_total += 1
            return turned
        self._inside += 1
        visitor = self._known(address)
        if visitor is not None:
            visitor.inside += 1
        return None

    def leave(self, address: str) -> None:
        """A WebSocket that was let in is gone."""
        self._inside -= 1
        visitor = self._known(address)
        if visitor is not None:
            visitor.inside -= 1

    def ask(self, address: str, now_ns: int) -> Turned | None:
        """Judge a plain HTTP request: it costs what a client's request costs its address."""
        bucket = self.bucket(address, now_ns)
        wait_ns = 0 if bucket is None else bucket.take(now_ns)
        if not wait_ns:
            return None
        self._turned_total += 1
        most = self._limits.address_requests_per_s
        return Turned("throttled", f"{most} requests a second from one address", wait_ns)

    def bucket(self, address: str, now_ns: int) -> TokenBucket | None:
        """Return what all requests from `address` spend; None where they are not bounded."""
        visitor = self._visitor(address, now_ns)
        return None if visitor is None else visitor.requests

    def statistics(self) -> DoorStatistics:
        """Return sizes and counts."""
        return DoorStatistics(
            len(self._visitors),
            self._inside,
            self._knocking,
            self._hung_up_total,
            self._turned_total,
        )

    def _turned(self, visitor: _Visitor | None, now_ns: int) -> Turned | None:
        limits = self._limits
        if self._inside >= limits.clients_max:
            most = f"this gateway serves at most {limits.clients_max} clients"
            return Turned("overloaded", most, RETRY_NS)
        if visitor is None:
            return None
        if visitor.inside >= limits.connections_per_address:
            most = f"one address has at most {limits.connections_per_address} connections"
            return Turned("limit_connections", most, RETRY_NS)
        wait_ns = visitor.connects.take(now_ns)
        if wait_ns:
            rate = f"{limits.connects_per_s} new connections a second from one address"
            return Turned("throttled", rate, wait_ns)
        return None

    def _visitor(self, address: str, now_ns: int) -> _Visitor | None:
        """Return what is known of `address`; None where it is not bounded by itself."""
        key = self._key(address)
        if key is None:
            return None
        visitor = self._visitors.pop(key, None)
        if visitor is None:
            self._make_room()
            visitor = _Visitor(self._limits, now_ns)
        self._visitors[key] = visitor  # the last heard of stands last
        return visitor

    def _known(self, address: str) -> _Visitor | None:
        """Return what is known of `address` already."""
        key = self._key(address)
        return None if key is None else self._visitors.get(key)

    def _key(self, address: str) -> str | None:
        """Return what counts as one address; None where many share it."""
        peer = peer_of(address)
        return None if peer.within(self._shared_networks) else peer.key

    def _make_room(self) -> None:
        if len(self._visitors) < ADDRESSES_MAX:
            return
        idle = (key for key, held in self._visitors.items() if not (held.inside or held.knocking))
        forgotten = next(idle, None)
        if forgotten is not None:
            del self._visitors[forgotten]
