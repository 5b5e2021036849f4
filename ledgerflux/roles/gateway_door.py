"""The gateway's door: who may come in, and what is answered to those who may not."""

import json
from collections.abc import Mapping, Sequence

from ledgerflux.core.doorkeeper import RETRY_NS, Doorkeeper, Turned
from ledgerflux.core.limits import Limits
from ledgerflux.core.networks import Network
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S
from ledgerflux.ports import Clock, Response

STATUS = {"throttled": 429, "limit_connections": 429, "overloaded": 503}


class GatewayDoor:
    """`ports.Door` after `core.doorkeeper`, by the clock of the process."""

    def __init__(self, clock: Clock, limits: Limits, shared_networks: Sequence[Network]) -> None:
        self._clock = clock
        self._keeper = Doorkeeper(limits, shared_networks=shared_networks)
        self._shut = False

    def shut(self) -> None:
        """Let no more WebSockets in: the gateway stops."""
        self._shut = True

    def knock(self, address: str) -> bool:
        """See `ports.Door.knock`."""
        return self._keeper.knock(address, self._clock.monotonic_ns())

    def settle(self, address: str) -> None:
        """See `ports.Door.settle`."""
        self._keeper.settle(address)

    def admit(self, address: str) -> Response | None:
        """See `ports.Door.admit`."""
        if self._shut:
            return _answer(Turned("overloaded", "this gateway stops", RETRY_NS))
        return _answer(self._keeper.admit(address, self._clock.monotonic_ns()))

    def leave(self, address: str) -> None:
        """See `ports.Door.leave`."""
        self._keeper.leave(address)

    def ask(self, address: str) -> Response | None:
        """See `ports.Door.ask`."""
        return _answer(self._keeper.ask(address, self._clock.monotonic_ns()))

    def bucket(self, address: str) -> TokenBucket | None:
        """Return what all requests from `address` spend; None where they are not bounded."""
        return self._keeper.bucket(address, self._clock.monotonic_ns())

    def counts(self) -> Mapping[str, int]:
        """Return what the health record says of the door."""
        statistics = self._keeper.statistics()
        return {
            "addresses": statistics.addresses,
            "handshakes": statistics.shaking_hands,
            "turned_away": statistics.turned_total,
            "hung_up": statistics.hung_up_total,
        }


def _answer(turned: Turned | None) -> Response | None:
    if turned is None:
        return None
    error = {
        "code": turned.code,
        "message": turned.message,
        "retryable": True,
        "retry_after_ms": -(-turned.retry_after_ns // NANOS_PER_MS),
    }
    body = json.dumps({"error": error}).encode()
    retry_after_s = max(1, -(-turned.retry_after_ns // NANOS_PER_S))
    return Response(STATUS[turned.code], "application/json", body, retry_after_s)
