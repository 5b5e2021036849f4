"""The end of a gateway: everybody inside is told when to come back."""

import asyncio
from collections.abc import Collection

from ledgerflux.core.parting import RESTART, Close
from ledgerflux.roles.gateway_client import GatewayClient

WRITTEN_S = 0.5
"""How long a gateway that stops waits until its goodbyes are written."""


async def say_goodbye(clients: Collection[GatewayClient]) -> None:
    """Tell every client; who does not read in time is closed without."""
    close = Close(RESTART, "restart")
    tasks = [asyncio.create_task(client.dismiss(close)) for client in clients]
    if tasks:
        _, unread = await asyncio.wait(tasks, timeout=WRITTEN_S)
        for task in unread:
            task.cancel()
