"""The last step of every start: a client of the gateway gets a snapshot and what follows it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ledgerflux.client import Reconnected, connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.connection import Client
from ledgerflux.errors import Timeout
from ledgerflux.model.units import parse_time_ns

INCREMENTS = 10


class Proof(NamedTuple):
    """What a client saw.

    Attributes:
        product: The product of the snapshot.
        increments: Updates that followed it without a gap.
        p95_ms: 95 % of them took at most this from ingest to the client; the two clocks
            are taken for equal.
        durable: Whether acknowledged data survives a power cut; None where nobody knows.
        source: Where the data comes from, as the stack says.
    """

    product: str
    increments: int
    p95_ms: float
    durable: bool | None
    source: str | None

    def line(self) -> str:
        """Return it in one line."""
        durable = {True: "yes", False: "no", None: "unknown"}[self.durable]
        return (
            f"a snapshot of {self.product} and {self.increments} increments, "
            f"p95 {self.p95_ms:.1f} ms; durable: {durable}"
        )


def prove(address: str, *, timeout_s: float, now_ns: Callable[[], int] = time.time_ns) -> Proof:
    """Return what a client of the gateway at `address` saw.

    Raises:
        Timeout: It did not see enough within `timeout_s`.
        GatewayError: No gateway answers, or it ends the connection.
    """
    try:
        product, ages_ns = asyncio.run(asyncio.wait_for(_watch(address, now_ns), timeout_s))
    except TimeoutError:
        raise Timeout(
            f"the gateway at {address} sent no snapshot and {INCREMENTS} increments "
            f"within {timeout_s:.0f} s",
            try_next=["lf status", "lf logs ingest"],
        ) from None
    status = get_json(address, "/v1/status")
    return Proof(product, len(ages_ns), p95_ms(ages_ns), durable_of(status), status.get("source"))


async def _watch(address: str, now_ns: Callable[[], int]) -> tuple[str, list[int]]:
    async with connect(address, strict=True) as client:
        await client.subscribe("level2")
        return await _increments(client, now_ns)


async def _increments(client: Client, now_ns: Callable[[], int]) -> tuple[str, list[int]]:
    """Return the product of the first snapshot and the ages of the updates after it, in ns."""
    product, ages = "", []
    async for message in client:
        if isinstance(message, Reconnected):
            continue
        if message.type == "snapshot" and not product:
            product = message.product_id
        elif message.type == "update" and product:
            last = message.updates()[-1]
            received = parse_time_ns(last.ts_receive)
            ages.append(now_ns() - (received or now_ns()))
        if len(ages) >= INCREMENTS:
            break
    return product, ages


def p95_ms(ages_ns: list[int]) -> float:
    """Return the age that 95 % do not exceed, in milliseconds."""
    ordered = sorted(ages_ns)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] / 1e6


def durable_of(status: dict[str, Any]) -> bool | None:
    """Return whether a stack's acknowledged data survives a power cut, None where it says not."""
    said = status.get("durability")
    return None if said is None else said == "disk"
