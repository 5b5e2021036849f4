"""What a role may ask of the world. Each port has a real adapter and an in-memory twin."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, Self


class Clock(Protocol):
    """Time for stamps and timers. Behaviour gets it as a number, never as this object."""

    def now_ns(self) -> int:
        """Return wall time, nanoseconds UTC: for stamps only."""
        ...

    def monotonic_ns(self) -> int:
        """Return a time that never steps back: for timers."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


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

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, bytes]:
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()


class Usage(NamedTuple):
    """What the process uses: share of one core since the last look, resident bytes."""

    cpu: float
    rss_bytes: int


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


class FeedConnection(Protocol):
    """One open socket to a venue."""

    async def send(self, frame: str) -> None:
        """Send a text frame."""
        ...

    async def receive(self) -> bytes:
        """Return the next frame's bytes as received.

        Raises:
            FeedError: The connection ended; the message carries the close code and reason.
        """
        ...

    async def close(self) -> None:
        """Close politely, at once where the peer does not answer."""
        ...


class Feed(Protocol):
    """Opens sockets to a venue."""

    async def connect(self, url: str) -> FeedConnection:
        """Open a socket.

        Raises:
            FeedError: It can't be opened (`feed_refused`).
        """
        ...


class Request(NamedTuple):
    """One HTTP GET: path without query, and the query's first values."""

    path: str
    query: Mapping[str, str]


class Response(NamedTuple):
    """One HTTP answer."""

    status: int
    content_type: str
    body: bytes
    retry_after_s: int | None = None
    """Told as `Retry-After`."""


Handler = Callable[[Request], Response]
"""Answers a GET at once: handlers return what is known, they never wait."""


class ClientConnection(Protocol):
    """One client's WebSocket, as the server sees it."""

    address: str
    """The socket's own, without its port; nobody is believed to speak for another."""
    remote: str
    path: str

    async def send(self, message: str | bytes) -> None:
        """Send one text message (bytes are UTF-8 text); waits while the socket is full.

        Raises:
            FeedError: The client is gone.
        """
        ...

    def write_now(self, messages: Sequence[bytes]) -> bool:
        """Write text messages (UTF-8) at once; False, and nothing is written, where it must wait.

        That is where the socket is full or gone: `send_all` waits, or tells.
        """
        ...

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """Send text messages (UTF-8) in one write; then wait while the socket is full.

        Raises:
            FeedError: The client is gone.
        """
        ...

    async def receive(self) -> str | bytes:
        """Return the next message: text as str, binary as bytes.

        Raises:
            FeedError: The client is gone.
        """
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket code."""
        ...


class Door(Protocol):
    """Decides who may come in, by address; everything at once, nothing waits."""

    def knock(self, address: str) -> bool:
        """A socket came; False: close it unheard. Where True, `settle` follows."""
        ...

    def settle(self, address: str) -> None:
        """A socket that knocked has made its request, or is gone."""
        ...

    def admit(self, address: str) -> Response | None:
        """Let a WebSocket in (None), until `leave`; or answer why not."""
        ...

    def leave(self, address: str) -> None:
        """A WebSocket that was let in is gone."""
        ...

    def ask(self, address: str) -> Response | None:
        """Let a GET be answered (None), or answer why not."""
        ...


class Listener(Protocol):
    """Serves HTTP GETs and, where asked to, WebSockets on one port."""

    def serve(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Handler],
        on_connection: Callable[[ClientConnection], Awaitable[None]] | None = None,
        *,
        websocket_paths: Sequence[str] = (),
        message_bytes_max: int = 16 * 1024,
        door: Door | None = None,
    ) -> AbstractAsyncContextManager[int]:
        """Listen while the context is open; yield the port in use (`port` 0: a free one).

        Routes are exact paths; a route that ends in `/*` answers everything below it.
        Without a `door` everybody may come in.

        Raises:
            Conflict: The port is taken (`port_in_use`).
        """
        ...


class TradeRow(NamedTuple):
    """One trade as history keeps it; times in nanoseconds UTC."""

    venue: str
    product: str
    epoch: str
    seq: int
    trade_id: int
    price: str
    size: str
    side: str
    exchange_ns: int | None
    receive_ns: int


class BookRow(NamedTuple):
    """One whole book as history keeps it: `body` is zlib of `canonical`, `hash` its SHA-256."""

    venue: str
    product: str
    epoch: str
    seq: int
    receive_ns: int
    state: str
    levels: int
    hash: str
    body: bytes


class GapRow(NamedTuple):
    """One declared gap of a product's channel.

    `missing` counts what is known to be missing; of trades, `from_id` to `to_id` are the ids.
    """

    venue: str
    product: str
    channel: str
    epoch: str
    seq: int
    cause: str
    detail: str
    receive_ns: int
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None


class SnapshotStore(Protocol):
    """Point-in-time history; rows and the position that covers them commit together."""

    async def prepare(self) -> None:
        """Create or check the schema.

        Raises:
            StoreError: Not reachable, or made by a newer version.
        """
        ...

    async def position(self, venue: str, partition: int) -> int:
        """Return the number of the last NORM record whose rows are stored; 0 at the start."""
        ...

    async def write(
        self,
        venue: str,
        partition: int,
        *,
        after: int,
        upto: int,
        term: int,
        trades: Sequence[TradeRow],
        books: Sequence[BookRow],
        gaps: Sequence[GapRow],
    ) -> None:
        """Store rows and move the position from `after` to `upto`, all or nothing.

        Raises:
            StoreError: Not reachable (`store_unavailable`), or the stored position is not
                `after` or a newer term wrote (`store_conflict`); nothing was stored.
        """
        ...

    async def prune(self, *, books_before_ns: int) -> int:
        """Delete book bodies older than the given time; return how many."""
        ...

    async def counts(self, venue: str) -> Mapping[str, int]:
        """Return rows held of `venue`: `trades`, `books`, `gaps`."""
        ...

    def trade_rows(self, venue: str) -> AsyncIterator[TradeRow]:
        """Yield all trades of `venue` by product, epoch, seq."""
        ...

    async def size_bytes(self) -> int:
        """Return the size of the whole database on disk."""
        ...
