"""Follow a subject of a stream through an ephemeral pull consumer.

Overlapping requests keep the server sending; it is asked for more only as batches are
taken, so what waits here is bounded by two requests. Any doubt (a missed idle heartbeat,
a reconnect, a lost consumer) ends the consumer and makes a new one after the last message
taken.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from ledgerflux.errors import BusError
from ledgerflux.ports import Stored

REQUEST_MESSAGES = 256
REQUEST_BYTES_MAX = 12 * 1024 * 1024
REQUESTS_MAX = 2
IDLE_HEARTBEAT_NS = 500_000_000
REQUEST_EXPIRES_NS = 30_000_000_000
SILENCE_S = 2.5
RETRY_S = 0.1
_ACK_TOKENS_V1 = 9


class Delivered(Protocol):
    """What a message of the client library has that matters here."""

    subject: str
    reply: str
    data: bytes
    headers: dict[str, str] | None


class PullBus(Protocol):
    """What the feed needs of the connection."""

    generation: int

    async def api(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call the JetStream API."""
        ...

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send a core message."""
        ...

    def new_inbox(self) -> str:
        """Return a subject that nobody else listens to, in this process or another."""
        ...

    async def listen(self, subject: str, take: Callable[[Any], None]) -> Any:
        """Subscribe."""
        ...

    async def unlisten(self, subscription: Any) -> None:
        """Unsubscribe."""
        ...


class PullFeed:
    """One subject of one stream, from one sequence on, in order, without repeats."""

    def __init__(self, bus: PullBus, stream: str, subject: str, sequence: int) -> None:
        self._bus = bus
        self._stream = stream
        self._subject = subject
        self._next = max(1, sequence)
        self._queue: deque[Stored] = deque()
        self._arrived = asyncio.Event()
        self._subscription: Any = None
        self._consumer = ""
        self._generation = -1
        self._opened = 0
        self._asked = 0
        self._failed = False

    async def batches(self) -> AsyncIterator[Sequence[Stored]]:
        """Yield what has arrived, at least one message at a time, without end."""
        while True:
            batch = await self._take()
            if batch:
                self._next = batch[-1].sequence + 1
                yield batch

    async def close(self) -> None:
        """End the consumer."""
        await self._drop()

    async def _take(self) -> list[Stored]:
        try:
            if self._consumer == "" or self._failed or self._generation != self._bus.generation:
                await self._drop()
                await self._open()
            await self._ask_more()
        except BusError:
            self._failed = True
            await asyncio.sleep(RETRY_S)
            return []
        if not self._queue:
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self._arrived.wait()
            except TimeoutError:
                self._failed = True
                return []
        batch = [stored for stored in self._queue if stored.sequence >= self._next]
        self._queue.clear()
        return batch

    async def _open(self) -> None:
        self._generation = self._bus.generation
        self._opened += 1
        inbox = self._bus.new_inbox()
        opened = self._opened

        def take(message: Delivered) -> None:
            if opened == self._opened:
                self._on_message(message)

        answer = await self._bus.api(
            f"CONSUMER.CREATE.{self._stream}",
            {
                "stream_name": self._stream,
                "config": {
                    "deliver_policy": "by_start_sequence",
                    "opt_start_seq": self._next,
                    "ack_policy": "none",
                    "filter_subject": self._subject,
                    "mem_storage": True,
                    "num_replicas": 1,
                    "inactive_threshold": 10_000_000_000,
                },
            },
        )
        self._subscription = await self._bus.listen(inbox, take)
        self._inbox = inbox
        self._consumer = answer["name"]
        self._asked = 0
        self._failed = False

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, ""
        self._opened += 1
        self._queue.clear()
        if self._subscription is not None:
            await self._bus.unlisten(self._subscription)
            self._subscription = None
        if consumer and self._generation == self._bus.generation:
            try:
                await self._bus.api(f"CONSUMER.DELETE.{self._stream}.{consumer}", {})
            except BusError:
                return  # it ends by itself when nobody asks

    async def _ask_more(self) -> None:
        while self._asked <= REQUEST_MESSAGES * (REQUESTS_MAX - 1):
            self._asked += REQUEST_MESSAGES
            body = (
                f'{{"batch":{REQUEST_MESSAGES},"max_bytes":{REQUEST_BYTES_MAX},'
                f'"expires":{REQUEST_EXPIRES_NS},"idle_heartbeat":{IDLE_HEARTBEAT_NS}}}'
            )
            await self._bus.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
                body.encode(),
                reply=self._inbox,
            )

    def _on_message(self, message: Delivered) -> None:
        self._arrived.set()
        status = message.headers.get("Status") if message.headers else None
        if status is None:
            self._asked -= 1
            self._queue.append(Stored(_sequence(message.reply), message.subject, message.data))
        elif status == "408" or (status == "409" and _left(message) is not None):
            self._asked -= _left(message) or 0  # the request is over, this many were not used
        elif status != "100":
            self._failed = True


def _left(message: Delivered) -> int | None:
    left = (message.headers or {}).get("Nats-Pending-Messages")
    return None if left is None else int(left)


def _sequence(reply: str) -> int:
    """Return the stream sequence from an ack subject, of the first or the second form."""
    tokens = reply.split(".")
    return int(tokens[5] if len(tokens) == _ACK_TOKENS_V1 else tokens[7])
