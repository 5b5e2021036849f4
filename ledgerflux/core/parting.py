"""How a gateway's connections end: close codes, and what a client is told before.

Codes from 4000 to 4499 ask to come back, 4500 and above do not. When to come back is drawn
for each client, so that those who were sent away together do not return together.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ledgerflux.core.limits import Limits
from ledgerflux.model.units import NANOS_PER_S

BINARY, RESTART = 1003, 1012
SLOW, RATE_LIMITED, EXPIRED, LIFETIME = 4000, 4002, 4003, 4004
AUTH_FAILED, AUTH_TIMEOUT, PROTOCOL, IDLE = 4500, 4501, 4502, 4505
CODES = frozenset(
    {
        BINARY,
        RESTART,
        *(SLOW, RATE_LIMITED, EXPIRED, LIFETIME),
        *(AUTH_FAILED, AUTH_TIMEOUT, PROTOCOL, IDLE),
    }
)
"""WebSocket close codes a gateway uses."""

LEAST_MS = {SLOW: 1_000, RATE_LIMITED: 5_000}
"""Who did too much, or too little, stays away for so long at least."""
LIFETIME_SPREAD = 0.1


Places = Mapping[str, Mapping[str, str]]
"""Tokens by channel and product."""
NOWHERE: Places = {}


class Close(NamedTuple):
    """The connection must end with this WebSocket code."""

    code: int
    reason: str


class Goodbye(NamedTuple):
    """The last message of a connection; `reconnect_after_ms` is None where nobody should."""

    code: int
    reason: str
    reconnect: bool
    reconnect_after_ms: int | None
    resume: Places = NOWHERE
    """Where everything sent takes the client."""


def goodbye(close: Close, luck: float, spread_ms: int, resume: Places = NOWHERE) -> Goodbye:
    """Return what is said before `close`; `luck` is drawn from [0, 1) for the client."""
    reconnect = close.code == RESTART or SLOW <= close.code < SLOW + 500
    after_ms = LEAST_MS.get(close.code, 0) + int(luck * spread_ms)
    return Goodbye(close.code, close.reason, reconnect, after_ms if reconnect else None, resume)


def lifetime_ns(limits: Limits, luck: float) -> int:
    """Return how long a connection lasts: the limit less up to a tenth, as `luck` has it."""
    return int(limits.lifetime_s * NANOS_PER_S * (1 - LIFETIME_SPREAD * luck))
