"""Sockets and requests of clients."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol


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
    headers: Mapping[str, str] = {}
    """More of them."""


Handler = Callable[[Request], Response]
"""Answers a GET at once: handlers return what is known, they never wait."""


class Batch:
    """Text messages (UTF-8) written together, to one client or to many.

    Whatever a connection makes of them is made once for all of its kind. `told` is who is told
    the same, batch after batch, to the end of each before the next; None: one client alone.
    """

    __slots__ = ("kept", "messages", "size_bytes", "told")

    def __init__(self, messages: Sequence[bytes], told: object = None) -> None:
        self.messages = messages
        self.told = told
        self.size_bytes = sum(map(len, messages))
        self.kept: dict[Callable[..., bytes], bytes] = {}
        """What was made of it, by what made it."""

    def made(self, make: Callable[[Sequence[bytes]], bytes]) -> bytes:
        """Return what `make` makes of the messages."""
        data = self.kept.get(make)
        if data is None:
            data = self.kept[make] = make(self.messages)
        return data


Pack = Callable[[Sequence[bytes]], Sequence[tuple[bytes, bool]]]
"""Makes of messages (UTF-8) written together the text messages that a client gets who takes
compressed ones, each with whether it may be compressed."""


class Sent:
    """Counts what is written to the clients of a listener, as messages and as frames."""

    __slots__ = ("frame_bytes", "message_bytes", "packed_clients")

    def __init__(self) -> None:
        self.message_bytes = 0
        """Before they were packed, framed and compressed."""
        self.frame_bytes = 0
        """Given to sockets."""
        self.packed_clients = 0
        """Connected now that take compressed messages."""

    def counts(self) -> dict[str, int]:
        """Return what a health record says of it."""
        return {
            "packed_clients": self.packed_clients,
            "sent_message_bytes": self.message_bytes,
            "sent_bytes": self.frame_bytes,
        }


class Visit(NamedTuple):
    """Who asks for what, before anything is answered; texts are the headers as they came."""

    address: str
    path: str
    websocket: bool
    host: str | None = None
    origin: str | None = None
    bearer: str | None = None
    """What it shows to be let in, of `Authorization` or of a subprotocol."""


class Guard(Protocol):
    """Decides who may ask what; everything at once, nothing waits."""

    def judge(self, visit: Visit) -> Response | None:
        """Let a visit be answered or become a WebSocket (None), or answer why not."""
        ...


class ClientConnection(Protocol):
    """One client's WebSocket, as the server sees it."""

    address: str
    """The socket's own, without its port; nobody is believed to speak for another."""
    remote: str
    path: str
    bearer: str | None
    """What its `Visit` showed."""
    direct: bool
    """Neither a page (`Origin`) nor a proxy made its handshake, as far as the headers tell."""

    async def send(self, message: str | bytes) -> None:
        """Send one text message (bytes are UTF-8 text); waits while the socket is full.

        Raises:
            FeedError: The client is gone.
        """
        ...

    def write_now(self, batch: Batch) -> bool:
        """Write `batch` at once; False, and nothing is written, where it must wait.

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
        guard: Guard | None = None,
        pack: Pack | None = None,
        sent: Sent | None = None,
    ) -> AbstractAsyncContextManager[int]:
        """Listen while the context is open; yield the port in use (`port` 0: a free one).

        Routes are exact paths; a route that ends in `/*` answers everything below it.
        Without a `door` and a `guard` everybody may come in. With `pack` those who offer it
        get compressed messages, made once for all of them; what they send counts against
        `message_bytes_max` as it is after decompression. `sent` counts what is written.

        Raises:
            Conflict: The port is taken (`port_in_use`).
        """
        ...
