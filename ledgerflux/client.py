"""A client of the gateway: books that are right, or say that they are not.

::

    async with connect("http://127.0.0.1:8000") as client:
        await client.subscribe("level2", ["BTC-USD"])
        async for message in client:
            book = client.books["BTC-USD"]
            if book.live:
                print(book.book.best())
"""

import asyncio
import random as random_module
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from ledgerflux.client_http import get_json, is_loopback, websocket_url
from ledgerflux.core.backoff import Backoff
from ledgerflux.core.mirror import Mirror, Verdict
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import GatewayError, IntegrityError
from ledgerflux.wire.gateway_reading import Follower, Message, read_message

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
UNREAD_MAX = 100_000
"""Messages kept while a request waits for its answer and nobody iterates."""
REQUEST_TIMEOUT_S = 10.0
OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
TERMINAL_CODES = range(4500, 5000)


class Missed(NamedTuple):
    """What this client did not get: `from_seq` to `to_seq` of a stream, and why.

    The range is empty where only the book's state changed or a new epoch began.
    """

    channel: str
    product: str
    epoch: str
    from_seq: int
    to_seq: int
    cause: str


class Reconnected(NamedTuple):
    """The connection was lost and made again; what was missed meanwhile."""

    url: str
    failures: int
    missed: tuple[Missed, ...]


class Subscribed(NamedTuple):
    """What is asked for again on a new connection; `products` None means all."""

    channel: str
    products: tuple[str, ...] | None
    snapshot: bool


def connect(
    urls: str | Sequence[str],
    *,
    venue: str | None = None,
    strict: bool = False,
    on_gap: Callable[[Missed], None] | None = None,
    give_up_after_s: float = 60.0,
    random: Callable[[], float] = random_module.random,
) -> "Client":
    """Return a client of the gateways at `urls`, to be used with `async with`.

    Args:
        urls: `http://host:port` or `ws://host:port/v1/ws`; of several, the next is tried
            when one is lost.
        venue: The venue to subscribe to; None for the gateway's first.
        strict: Raise at the first message that does not continue its stream; otherwise it
            is counted and the stream is subscribed anew.
        on_gap: Called with everything missed, also between two connections.
        give_up_after_s: How long to try to get a lost connection back.
        random: Draws from [0, 1) for the pauses between tries.
    """
    listed = [urls] if isinstance(urls, str) else list(urls)
    return Client(listed, venue, strict, on_gap, give_up_after_s, random)


class Client:
    """One connection at a time; iterate to get every message as it was received.

    Between messages also `Reconnected`. Reading happens while somebody iterates or waits
    for an answer; a client that does neither is slow, and told so by the gateway.
    `violations_total` counts losses that nobody announced.
    """

    def __init__(
        self,
        urls: Sequence[str],
        venue: str | None,
        strict: bool,
        on_gap: Callable[[Missed], None] | None,
        give_up_after_s: float,
        random: Callable[[], float],
    ) -> None:
        self.violations_total = 0
        self.url = urls[0]
        self._urls = deque(urls)
        self._venue = venue
        self._strict = strict
        self._on_gap = on_gap
        self._give_up_after_s = give_up_after_s
        self._random = random
        self._backoff = Backoff(base_s=0.1, cap_s=5.0, calm_s=10.0)
        self._follower = Follower()
        self._subscriptions: list[Subscribed] = []
        self._repairs: dict[tuple[str, str], None] = {}
        self._resuming: dict[tuple[str, str], Position] = {}
        self._missed: list[Missed] = []
        self._unread: deque[Message | Reconnected] = deque()
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._asked_total = 0
        self._reading = asyncio.Lock()
        self._socket: ClientConnection | None = None

    @property
    def books(self) -> Mapping[str, Mirror]:
        """Return the level2 books by product."""
        return {
            product: mirror
            for (channel, product), mirror in self._follower.mirrors.items()
            if channel == "level2"
        }

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            GatewayError: None of the addresses answers.
        """
        reasons: list[str] = []
        for _ in range(len(self._urls)):
            try:
                await self._open()
            except (OSError, InvalidHandshake, InvalidURI, EOFError) as error:
                reasons.append(f"{self._urls[0]}: {error or type(error).__name__}")
                self._urls.rotate(-1)
            else:
                return self
        raise GatewayError(f"no gateway answers: {'; '.join(reasons)}", try_next=["lf status"])

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        if self._socket is not None:
            await self._socket.close()

    def __aiter__(self) -> Self:
        """Iterate over messages and reconnections."""
        return self

    async def __anext__(self) -> Message | Reconnected:
        """Return the next message.

        Raises:
            GatewayError: The connection ended and can't be had again.
            IntegrityError: With `strict`, a message does not continue its stream.
        """
        while not self._unread:
            async with self._reading:
                if not self._unread:
                    await self._receive()
        return self._unread.popleft()

    async def subscribe(
        self, channel: str, products: Sequence[str] | None = None, *, snapshot: bool = True
    ) -> Message:
        """Subscribe `products` (None: all) to `channel`; return the gateway's answer.

        Raises:
            GatewayError: Refused; `code` is the gateway's.
        """
        wanted = Subscribed(channel, None if products is None else tuple(products), snapshot)
        answer = await self._ask("subscribe", self._params(wanted))
        self._subscriptions.append(wanted)
        return answer

    async def unsubscribe(self, channel: str, products: Sequence[str] | None = None) -> Message:
        """Leave `products` (None: all) of `channel`.

        Raises:
            GatewayError: Refused; `code` is the gateway's.
        """
        answer = await self._ask(
            "unsubscribe", {"channel": channel, "product_ids": list(products or "*")}
        )
        self._subscriptions = [
            kept
            for kept in (_without(item, channel, products) for item in self._subscriptions)
            if kept is not None
        ]
        return answer

    async def ping(self) -> Message:
        """Return the gateway's `pong`."""
        return await self._ask("ping", {})

    async def status(self) -> dict[str, Any]:
        """Return the `lf.status/1` document of the gateway.

        Raises:
            GatewayError: It does not answer.
        """
        return await asyncio.to_thread(get_json, self.url, "/v1/status")

    # -- requests ----------------------------------------------------------------------

    def _params(self, wanted: Subscribed) -> dict[str, Any]:
        params: dict[str, Any] = {"channel": wanted.channel}
        if wanted.channel != "system":
            params["product_ids"] = list(wanted.products or "*")
        if self._venue is not None:
            params["venue"] = self._venue
        if not wanted.snapshot:
            params["snapshot"] = False
        return params

    async def _ask(self, method: str, params: dict[str, Any]) -> Message:
        """Return the answer to a request, asked again where it may be granted later."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                while True:
                    future = await self._send(method, params)
                    while not future.done():
                        async with self._reading:
                            if not future.done():
                                await self._receive()
                    refused = await self._refused(future)
                    if refused is None:
                        return future.result()
                    await asyncio.sleep(refused)
        except TimeoutError as error:
            raise GatewayError(f"no answer to {method} in {REQUEST_TIMEOUT_S:.0f} s") from error

    async def _send(self, method: str, params: dict[str, Any]) -> asyncio.Future[Message]:
        self._asked_total += 1
        number = self._asked_total
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        request = {"method": method, "params": params, "req_id": number}
        assert self._socket is not None, "used outside of `async with`"
        try:
            await self._socket.send(msgspec.json.encode(request), text=True)
        except ConnectionClosed:
            pass  # the next read finds it out and connects again
        return future

    async def _refused(self, future: asyncio.Future[Message]) -> float | None:
        """Return seconds after which to ask again, None where the answer is good."""
        answer = future.result()
        if answer.type != "error":
            return None
        if not answer.retryable or answer.retry_after_ms is None:
            raise GatewayError(answer.message, code=answer.code)
        return answer.retry_after_ms / 1000
