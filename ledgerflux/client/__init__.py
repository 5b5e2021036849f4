"""A client of the gateway: books that are right, or say that they are not.

::

    async with connect("http://127.0.0.1:8000") as client:
        await client.subscribe("level2", ["BTC-USD"])
        async for message in client:
            mirror = client.books["BTC-USD"]
            if mirror.live:
                print(mirror.book.best())
"""

import random as random_module
from collections.abc import Callable, Sequence
from pathlib import Path

from ledgerflux.client.addresses import websocket_url
from ledgerflux.client.calls import Holding, Holdings
from ledgerflux.client.connection import Client
from ledgerflux.client.streams import Missed, Reconnected, Streams
from ledgerflux.client.way import checked_token, usual_way
from ledgerflux.core.mirror import Mirror
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.wire.gateway_reading import Message

__all__ = [
    "WHOLE",
    "Client",
    "Holding",
    "Holdings",
    "Message",
    "Mirror",
    "Missed",
    "Reconnected",
    "Terms",
    "connect",
]


def connect(
    addresses: str | Sequence[str],
    *,
    venue: str | None = None,
    strict: bool = False,
    on_gap: Callable[[Missed], None] | None = None,
    give_up_after_s: float = 60.0,
    compression: bool | None = None,
    random: Callable[[], float] = random_module.random,
    ca_file: Path | None = None,
    token: str | None = None,
) -> Client:
    """Return a client of the gateways at `addresses`, to be used with `async with`.

    Args:
        addresses: `http://host:port` or `ws://host:port/v1/ws`; of several, the next is
            tried when one is lost.
        venue: The venue to subscribe to; None for the gateway's.
        strict: Raise at the first message that does not continue its stream; otherwise it
            is counted and the stream is subscribed anew.
        on_gap: Called with everything missed, also between two connections.
        give_up_after_s: How long to try to get a lost connection back.
        compression: Whether to ask for compressed messages; None: of gateways elsewhere, not
            of one on this machine.
        random: Draws from [0, 1) for the pauses between tries.
        ca_file: PEM file of what must have signed the certificate of `https` and `wss`
            addresses; None: what this machine trusts.
        token: An API key or a signed token (JWT), where the gateway wants one.

    Raises:
        ConfigError: An address or the token is none (`bad_argument`).
    """
    listed = [addresses] if isinstance(addresses, str) else list(addresses)
    urls = [websocket_url(address) for address in listed]
    streams = Streams(strict=strict, on_gap=on_gap)
    usual = usual_way()
    way = usual._replace(
        ca_file=ca_file or usual.ca_file,
        token=usual.token if token is None else checked_token(token),
        compression=compression,
    )
    return Client(urls, venue, streams, give_up_after_s, random, way)
