"""The log and messages: streams, subjects, keys."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, Self


class Mailbox:
    """Core messages that wait to be read, as (subject, payload).

    Holds at most `pending`; past that the oldest are dropped and counted. A cancelled
    read loses nothing.
    """

    def __init__(self, pending: int) -> None:
        self._queue: deque[tuple[str, bytes]] = deque(maxlen=pending)
        self._arrived = asyncio.Event()
        self.dropped_total = 0

    def put(self, subject: str, payload: bytes) -> None:
        """Add a message."""
        self.dropped_total += len(self._queue) == self._queue.maxlen
        self._queue.append((subject, payload))
        self._arrived.set()

    def ready(self) -> tuple[str, bytes] | None:
        """Return the next message where it is here already."""
        return self._queue.popleft() if self._queue else None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, bytes]:
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()


class Stored(NamedTuple):
    """One message of a stream: its place in the stream, subject and bytes."""

    sequence: int
    subject: str
    payload: bytes


class StreamState(NamedTuple):
    """How far a stream reaches: first and last sequence (0, 0 when empty), count, bytes."""

    first_sequence: int
    last_sequence: int
    messages: int
    size_bytes: int


class Bus(Protocol):
    """The log and the small talk beside it.

    Streams are ordered, durable and addressed by subject; core messages
    (`publish`, `subscribe`, `request`) are neither.
    """

    async def append(
        self,
        stream: str,
        subject: str,
        payload: bytes,
        *,
        expected_last: int | None,
        identity: str | None = None,
    ) -> int:
        """Store `payload` and return its stream sequence.

        With `identity`, a second append with the same one within two minutes stores nothing.

        With `expected_last`, only if the last message on `subject` has that stream
        sequence (0: there is none).

        Raises:
            AppendRefused: Another message is last; nothing was written.
            AppendInDoubt: No answer; it may have landed, or may land later only if the
                expectation still holds then.
        """
        ...

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the newest message on `subject`, read from the stream's leader."""
        ...

    async def next(self, stream: str, subject: str, sequence: int) -> Stored | None:
        """Return the first message on `subject` at or after `sequence`, from the leader."""
        ...

    def read(
        self, stream: str, subject: str, sequence: int = 1
    ) -> AbstractAsyncContextManager[AsyncIterator[Sequence[Stored]]]:
        """Follow `subject` (wildcards allowed) from `sequence` on, in batches, without end.

        Bounded: the server is asked for more only as batches are taken. Survives
        reconnects; what it yields is in stream order without repeats.
        """
        ...

    async def state(self, stream: str) -> StreamState:
        """Return how far `stream` reaches."""
        ...

    async def put(self, bucket: str, key: str, value: bytes) -> None:
        """Set `key` of a key-value bucket."""
        ...

    async def get(self, bucket: str, key: str) -> bytes | None:
        """Return the value of `key`, None where there is none."""
        ...

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send a core message to whoever listens now."""
        ...

    def subscribe(
        self, subject: str, *, pending: int = 1024
    ) -> AbstractAsyncContextManager[Mailbox]:
        """Listen to core messages while the context is open.

        Readers of numbered records see a jump where the mailbox dropped, and read the stream.
        """
        ...

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 2.0) -> bytes:
        """Send a core message and return the first answer.

        Raises:
            BusError: Nobody answered in time.
        """
        ...

    def answer(
        self, subject: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AbstractAsyncContextManager[None]:
        """Answer requests on `subject` with what `handler` returns, while the context is open."""
        ...
