"""The bus on NATS: the only module that knows nats-py.

Appends are core publishes whose answers we wait for ourselves (`nats_requests`). The
reconnect buffer is off, so a publish that was reported as failed can't land later.
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from nats import errors as nats_errors
from nats.aio.msg import Msg

from ledgerflux.adapters.bounded import bounded
from ledgerflux.adapters.nats_client import DirectClient, Take
from ledgerflux.adapters.nats_pull import PullFeed
from ledgerflux.adapters.nats_requests import NatsRequests
from ledgerflux.errors import AppendInDoubt, AppendRefused, BusError
from ledgerflux.ports import Mailbox, Stored, StreamState

_NO_MESSAGE = 10037
_NO_STREAM = 10059
_WRONG_LAST = {10071, 10164}


class ApiRefused(BusError):
    """The server answered a JetStream request with an error; `number` is its own code."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class NatsBus:
    """`ports.Bus` over one connection."""

    def __init__(self, client: DirectClient) -> None:
        self._client = client
        self._requests = NatsRequests(client)
        self._connected = asyncio.Event()
        self.reconnects_total = 0
        self.generation = 0
        """Grows at every reconnect: readers start their consumer anew."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        name: str = "ledgerflux",
        connect_timeout_s: float = 5.0,
    ) -> AsyncIterator[Self]:
        """Connect; the connection is kept up until the context ends.

        The client library tries its first connection without end, refused credentials
        included, and may swallow a cancellation while it cleans up: the limit here is ours.

        Raises:
            BusError: Nothing answers at `url` in time, or it refuses the credentials.
        """
        client = DirectClient()
        bus = cls(client)
        try:
            connecting = client.connect(
                url,
                user=user,
                password=password,
                name=name,
                connect_timeout=2,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.1,  # type: ignore[arg-type]
                ping_interval=1,
                max_outstanding_pings=2,
                pending_size=0,
                dont_randomize=True,
                disconnected_cb=bus._on_disconnected,
                reconnected_cb=bus._on_reconnected,
                error_cb=bus._on_error,
            )
            await bounded(connecting, connect_timeout_s)
        except (TimeoutError, nats_errors.Error, OSError) as error:
            await client.close()
            told = client.last_error or error
            reason = str(told) or type(told).__name__
            raise BusError(f"NATS at {url} can't be reached: {reason}") from error
        await bus._requests.open()
        bus._connected.set()
        try:
            yield bus
        finally:
            bus._requests.fail("the connection was closed")
            await client.close()

    @property
    def connected(self) -> bool:
        """Say whether the server answers now."""
        return self._client.is_connected

    @property
    def payload_bytes_max(self) -> int:
        """Return the largest message that the server takes."""
        return self._client.max_payload

    async def wait_connected(self) -> None:
        """Return once the server can be reached."""
        await self._connected.wait()

    # -- streams -----------------------------------------------------------------------

    async def append(
        self,
        stream: str,
        subject: str,
        payload: bytes,
        *,
        expected_last: int | None,
        identity: str | None = None,
    ) -> int:
        """Store `payload`; see `ports.Bus.append`."""
        headers = {"Nats-Expected-Stream": stream}
        if expected_last is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(expected_last)
        if identity is not None:
            headers["Nats-Msg-Id"] = identity
        try:
            message = await self._requests.ask(subject, payload, headers)
        except BusError as error:
            raise AppendInDoubt(f"append to {subject} was not answered: {error}") from error
        answer = json.loads(message.data or b"{}")
        if "error" in answer:
            number = answer["error"].get("err_code", 0)
            text = answer["error"].get("description", "")
            if number in _WRONG_LAST:
                raise AppendRefused(f"append to {subject} refused: {text}")
            raise AppendInDoubt(f"append to {subject} failed: {text} ({number})")
        if "seq" not in answer:
            raise AppendInDoubt(f"append to {subject}: no stream took it")
        return int(answer["seq"])

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the newest message on `subject`; see `ports.Bus.last`."""
        return await self._get_message(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, sequence: int) -> Stored | None:
        """Return the first message at or after `sequence`; see `ports.Bus.next`."""
        return await self._get_message(stream, {"seq": max(1, sequence), "next_by_subj": subject})

    async def _get_message(self, stream: str, query: dict[str, Any]) -> Stored | None:
        try:
            answer = await self.api(f"STREAM.MSG.GET.{stream}", query)
        except ApiRefused as error:
            if error.number == _NO_MESSAGE:
                return None
            raise
        message = answer["message"]
        return Stored(message["seq"], message["subject"], b64decode(message.get("data", "")))

    async def state(self, stream: str) -> StreamState:
        """Return how far `stream` reaches; see `ports.Bus.state`."""
        state = (await self.api(f"STREAM.INFO.{stream}", {}))["state"]
        return StreamState(state["first_seq"], state["last_seq"], state["messages"], state["bytes"])

    @asynccontextmanager
    async def read(
        self, stream: str, subject: str, sequence: int = 1
    ) -> AsyncIterator[AsyncIterator[Sequence[Stored]]]:
        """Follow `subject` from `sequence` on; see `ports.Bus.read`."""
        feed = PullFeed(self, stream, subject, sequence)
        try:
            yield feed.batches()
        finally:
            await feed.close()

    async def api(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call the JetStream API and return its answer.

        Raises:
            ApiRefused: The server answered with an error.
            BusError: It did not answer.
        """
        payload = json.dumps(body).encode() if body else b""
        message = await self._requests.ask(f"$JS.API.{verb}", payload, None)
        answer: dict[str, Any] = json.loads(message.data or b"{}")
        if "error" in answer:
            error = answer["error"]
            raise ApiRefused(f"{verb}: {error.get('description')}", int(error.get("err_code", 0)))
        return answer

    # -- key-value ---------------------------------------------------------------------

    async def put(self, bucket: str, key: str, value: bytes) -> None:
        """Set `key`; see `ports.Bus.put`."""
        await self.append(f"KV_{bucket}", f"$KV.{bucket}.{key}", value, expected_last=None)

    async def get(self, bucket: str, key: str) -> bytes | None:
        """Return the value of `key`; see `ports.Bus.get`."""
        try:
            stored = await self.last(f"KV_{bucket}", f"$KV.{bucket}.{key}")
        except ApiRefused as error:
            if error.number == _NO_STREAM:
                return None
            raise
        return stored.payload if stored and stored.payload else None

    # -- core messages -----------------------------------------------------------------

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send a core message; see `ports.Bus.publish`."""
        await self._requests.publish(subject, payload, reply, None)

    @asynccontextmanager
    async def subscribe(self, subject: str, *, pending: int = 1024) -> AsyncIterator[Mailbox]:
        """Listen to core messages; see `ports.Bus.subscribe`."""
        mailbox = Mailbox(pending)

        def take(message: Msg) -> None:
            mailbox.put(message.subject, message.data)

        subscription = await self.listen(subject, take)
        try:
            yield mailbox
        finally:
            await self.unlisten(subscription)

    def new_inbox(self) -> str:
        """Return a subject that nobody else listens to, in this process or another."""
        return self._client.new_inbox()

    async def listen(self, subject: str, take: Take) -> Any:
        """Call `take` for each message on `subject` at once; return what `unlisten` wants."""
        return await self._subscribed(subject, self._client.direct(subject, take))

    async def unlisten(self, subscription: Any) -> None:
        """End a subscription."""
        if not self._client.is_closed:
            try:
                await self._client.undirect(subscription)
            except nats_errors.Error:
                return  # the connection is gone, and the subscription with it

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 2.0) -> bytes:
        """Send a core message and return the first answer; see `ports.Bus.request`."""
        return (await self._requests.ask(subject, payload, None, timeout_s=timeout_s)).data

    @asynccontextmanager
    async def answer(
        self, subject: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AsyncIterator[None]:
        """Answer requests; see `ports.Bus.answer`."""

        async def take(message: Msg) -> None:
            answer = await handler(message.data)
            if message.reply:
                await self.publish(message.reply, answer)

        subscription = await self._subscribed(subject, self._client.subscribe(subject, cb=take))
        try:
            yield
        finally:
            await self.unlisten(subscription)

    # -- inside ------------------------------------------------------------------------

    async def _subscribed(self, subject: str, subscribing: Awaitable[Any]) -> Any:
        try:
            return await subscribing
        except nats_errors.Error as error:
            raise BusError(f"can't listen to {subject}: {error}") from error

    async def _on_disconnected(self) -> None:
        self._connected.clear()
        self._requests.fail("the connection was lost")

    async def _on_reconnected(self) -> None:
        self.generation += 1
        self.reconnects_total += 1
        self._connected.set()

    async def _on_error(self, error: Exception) -> None:
        """Every error shows as a failed request or a reconnect; there is nothing to add."""
