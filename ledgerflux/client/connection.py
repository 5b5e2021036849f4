"""The client's connection: asks, reads, and comes back after a loss."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ledgerflux.client.addresses import get_json
from ledgerflux.client.answers import AGAIN, Answers
from ledgerflux.client.calls import Calls
from ledgerflux.client.goodbyes import Goodbyes
from ledgerflux.client.sockets import CANT_OPEN, hang_up, how_ended, open_socket
from ledgerflux.client.streams import Key, Reconnected, Streams, Wanted
from ledgerflux.client.way import Way
from ledgerflux.core.backoff import Backoff
from ledgerflux.core.mirror import Mirror
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Conflation, Depth, Interval
from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_packing import read_messages
from ledgerflux.wire.gateway_reading import Message

UNREAD_MAX = 100_000
"""Messages kept while a request waits for its answer and nobody iterates."""
REQUEST_TIMEOUT_S = 10.0


class Client(Calls):
    """One connection at a time; iterate to get every message as it was received.

    Between messages also `Reconnected`. Reading happens while somebody iterates or waits
    for an answer; a client that does neither is slow, and told so by the gateway.
    """

    def __init__(
        self,
        urls: Sequence[str],
        venue: str | None,
        streams: Streams,
        give_up_after_s: float,
        random: Callable[[], float],
        way: Way,
    ) -> None:
        self._urls = deque(urls)
        self._venue = venue
        self._streams = streams
        self._give_up_after_s = give_up_after_s
        self._random = random
        self._way = way
        self._goodbyes = Goodbyes()
        self._backoff = Backoff(base_s=0.1, cap_s=5.0, calm_s=10.0)
        self._unread: deque[Message | Reconnected] = deque()
        self._answers = Answers()
        self._repairs: dict[int, Key] = {}
        self._reading = asyncio.Lock()
        self._socket: ClientConnection | None = None

    @property
    def books(self) -> Mapping[str, Mirror]:
        """Return the level2 books by product."""
        return self._streams.books

    def position(self, channel: str, product: str) -> Position | None:
        """Return where a stream stands for this client, None where it is not followed."""
        return self._streams.position(channel, product)

    @property
    def url(self) -> str:
        """Return the address in use."""
        return self._urls[0]

    @property
    def violations_total(self) -> int:
        """Return how often something was lost that nobody announced."""
        return self._streams.violations_total

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            GatewayError: None of the addresses answers.
        """
        reasons: list[str] = []
        for _ in range(len(self._urls)):
            try:
                self._socket = await open_socket(self.url, self._way)
            except CANT_OPEN as error:
                reasons.append(f"{self.url}: {str(error) or type(error).__name__}")
                self._urls.rotate(-1)
            else:
                return self
        raise GatewayError(f"no gateway answers at {'; '.join(reasons)}", try_next=["lf status"])

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        if self._socket is not None:
            await self._socket.close()

    def __aiter__(self) -> Self:
        """Iterate over messages and reconnections, without end."""
        return self

    async def __anext__(self) -> Message | Reconnected:
        """Return the next message.

        Raises:
            GatewayError: The connection ended and can't be had again.
            IntegrityError: Strict, and a message does not continue its stream.
        """
        while not self._unread:
            async with self._reading:
                if not self._unread:
                    await self._receive()
        return self._unread.popleft()

    async def subscribe(
        self,
        channel: str,
        products: Sequence[str] | None = None,
        *,
        snapshot: bool = True,
        depth: Depth = "full",
        conflate: Conflation = "none",
        on_slow: str | None = None,
        interval: Interval | None = None,
    ) -> Message:
        """Subscribe `products` to `channel`; return the gateway's answer.

        `products` are ids and patterns, None means all; `on_slow`: `snapshot`, `gap`, `disconnect`.
        `depth` is of level2, `conflate` of level2 and ticker, `interval` of candles.

        Raises:
            GatewayError: Refused; `code` is the gateway's.
        """
        named = None if products is None else tuple(products)
        wanted = Wanted(channel, named, snapshot, depth, conflate, on_slow, interval)
        answer = await self._ask("subscribe", wanted.params(self._venue))
        self._streams.add(wanted)
        return answer

    async def unsubscribe(self, channel: str, products: Sequence[str] | None = None) -> Message:
        """Leave `products` (ids and patterns, None: all) of `channel`.

        Raises:
            GatewayError: Refused; `code` is the gateway's.
        """
        left = Wanted(channel, None if products is None else tuple(products))
        answer = await self._ask("unsubscribe", left.named(self._venue))
        self._streams.remove(channel, products)
        return answer

    async def status(self) -> dict[str, Any]:
        """Return the gateway's `lf.status/1` document.

        Raises:
            GatewayError: It does not answer.
        """
        document = await asyncio.to_thread(get_json, self.url, "/v1/status", way=self._way)
        return dict(document)

    # -- requests ----------------------------------------------------------------------

    async def _ask(self, method: str, params: dict[str, Any], *, reading: bool = False) -> Message:
        """Return the answer to a request, asked again where it may be granted later.

        `reading`: the caller holds the lock, and hears of a lost connection.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                while True:
                    answer = await self._exchange(method, params, reading)
                    if answer.type != "error":
                        return answer
                    if not answer.retryable or answer.retry_after_ms is None:
                        raise GatewayError(answer.message, code=str(answer.code))
                    await asyncio.sleep(answer.retry_after_ms / 1000)
        except TimeoutError as error:
            if reading:
                raise
            raise GatewayError(f"no answer to {method} in {REQUEST_TIMEOUT_S:.0f} s") from error

    async def _exchange(self, method: str, params: dict[str, Any], reading: bool) -> Message:
        socket = self._opened
        try:
            _, future = await self._send(method, params)
        except ConnectionClosed:
            if reading:
                raise
            async with self._reading:
                if self._socket is socket:
                    await self._receive()  # finds it closed, and connects again
            return AGAIN
        while not future.done():
            if reading:
                self._take(await self._read())
                continue
            async with self._reading:
                if not future.done():  # whoever iterates may have read it meanwhile
                    await self._receive()
        return future.result()

    async def _send(
        self, method: str, params: dict[str, Any]
    ) -> tuple[int, asyncio.Future[Message]]:
        number, future = self._answers.expect()
        request = {"method": method, "params": params, "req_id": number}
        await self._opened.send(msgspec.json.encode(request), text=True)
        return number, future

    # -- reading -----------------------------------------------------------------------

    @property
    def _opened(self) -> ClientConnection:
        assert self._socket is not None, "a client is used within `async with`"
        return self._socket

    async def _read(self) -> bytes:
        return await self._opened.recv(decode=False)

    async def _receive(self) -> None:
        """Take what comes next, or connect again; the caller holds the lock."""
        try:
            await self._repair()
            self._take(await self._read())
        except ConnectionClosed as closed:
            await self._reconnect(closed)

    def _take(self, text: bytes) -> None:
        if self._backoff.failures:
            self._backoff.clean(time.monotonic_ns())
        for message in read_messages(text):
            self._answers.take(message)
            self._see_repaired(message)
            if len(self._unread) >= UNREAD_MAX:
                raise GatewayError(f"{UNREAD_MAX} messages came before an answer was read")
            self._unread.append(message)
            self._goodbyes.hear(message)
            self._streams.take(message)

    def _see_repaired(self, message: Message) -> None:
        """A stream that can't be subscribed anew is still to be."""
        if isinstance(message.req_id, int):
            repaired = self._repairs.pop(message.req_id, None)
            if repaired is not None and message.type == "error":
                self._streams.broken[repaired] = False

    async def _repair(self) -> None:
        """Subscribe broken streams anew; until then their books are not live."""
        for key, under_way in list(self._streams.broken.items()):
            if not under_way:
                wanted = self._streams.again(key)
                self._streams.broken[key] = True
                await self._send("unsubscribe", wanted.named(self._venue))
                number, _ = await self._send("subscribe", wanted.params(self._venue))
                self._repairs[number] = key

    # -- connecting --------------------------------------------------------------------

    async def _reconnect(self, closed: ConnectionClosed) -> None:
        """Come back: connect to the next address, subscribe again, say what was missed.

        Raises:
            GatewayError: The gateway asked not to come back, or nobody answers for too long.
        """
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "")
        self._goodbyes.judge(code, reason, how_ended(closed))
        give_up_s = time.monotonic() + self._give_up_after_s
        for failures in count():
            self._forget_connection()
            asked_s = self._goodbyes.pause_s()
            give_up_s += asked_s or 0.0
            await asyncio.sleep(self._backoff.fail(self._random()) if asked_s is None else asked_s)
            self._urls.rotate(-1)
            place = len(self._unread)
            try:
                self._socket = await open_socket(self.url, self._way)
                for wanted in list(self._streams.wanted):
                    params = self._streams.anew(wanted, self._venue)
                    await self._ask("subscribe", params, reading=True)
            except (*CANT_OPEN, ConnectionClosed) as error:
                if time.monotonic() > give_up_s:
                    raise GatewayError(f"the connection does not come back: {error}") from error
            else:
                notice = Reconnected(self.url, failures, self._streams.resumed())
                self._unread.insert(place, notice)
                return

    def _forget_connection(self) -> None:
        hang_up(self._socket)
        self._streams.lost()
        self._repairs.clear()
        self._answers.forget()
