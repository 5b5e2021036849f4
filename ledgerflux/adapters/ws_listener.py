"""HTTP GETs and WebSockets of clients on one port."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from websockets import http11
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Subprotocol

from ledgerflux.adapters.http_answers import Answers, Unread
from ledgerflux.adapters.sockets import BACKLOG, listening_socket
from ledgerflux.errors import FeedError
from ledgerflux.ports import Batch, ClientConnection, Door, Handler, Response

SEND_BUFFER_BYTES = 256 * 1024
"""In the kernel, per client: what it holds is as old as the client is slow."""
WRITE_LIMIT_BYTES = 64 * 1024
JOINED_BYTES_MAX = 32 * 1024
"""More than this is not joined: the library writes it, and waits while the socket is full."""
UNANSWERED_MS = 20_000
PING_S = 20.0
OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
RESTART = 1012
PROTOCOL = Subprotocol("lfx.v1")

_sockets_log = logging.getLogger("ledgerflux.sockets")
# Whoever knocks without a handshake is no error of ours.
_sockets_log.addFilter(lambda record: record.msg != "opening handshake failed")


class WsClient:
    """`ports.ClientConnection` over a WebSocket.

    Messages sent in one turn of the loop are written in one piece at its end: the write is
    what a message costs. Handshake, pings, closing and a full socket are the library's.
    """

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._messages: list[bytes] = []
        self._messages_bytes = 0
        address = connection.remote_address
        self.address = str(address[0]) if address else "gone"
        self.remote = f"{address[0]}:{address[1]}" if address else "gone"
        self.path = connection.request.path.partition("?")[0]

    async def send(self, message: str | bytes) -> None:
        """Send one text message; see `ports.ClientConnection.send`."""
        payload = message.encode() if isinstance(message, str) else message
        connection = self._connection
        if (
            connection.state is State.OPEN
            and len(payload) + self._messages_bytes < JOINED_BYTES_MAX
            and connection.transport.get_write_buffer_size() < JOINED_BYTES_MAX
        ):
            self._join(payload)
            return
        self._flush()
        try:
            await connection.send(payload, text=True)
        except ConnectionClosed as closed:
            raise _gone(closed) from closed

    def write_now(self, batch: Batch) -> bool:
        """Write a batch if nothing is in the way; see `ports.ClientConnection.write_now`."""
        connection = self._connection
        transport = connection.transport
        if connection.state is not State.OPEN:
            return False
        if self._messages or transport.get_write_buffer_size() >= JOINED_BYTES_MAX:
            return False
        transport.write(batch.made(_joined))
        return True

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """Send text messages in one write; see `ports.ClientConnection.send_all`."""
        self._flush()
        connection = self._connection
        if connection.state is State.OPEN:
            connection.transport.write(_joined(messages))
            with suppress(OSError):  # a reset while it drained: told below
                await connection.drain()
        if connection.state is not State.OPEN:
            await connection.wait_closed()
            raise _gone(connection.protocol.close_exc)

    def _join(self, payload: bytes) -> None:
        if not self._messages:
            self._loop.call_soon(self._flush)
        self._messages.append(payload)
        self._messages_bytes += len(payload)

    def _flush(self) -> None:
        messages, self._messages, self._messages_bytes = self._messages, [], 0
        if messages and self._connection.state is State.OPEN:
            self._connection.transport.write(_joined(messages))

    async def receive(self) -> str | bytes:
        """Return the next message; see `ports.ClientConnection.receive`."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _gone(closed) from closed

    async def close(self, code: int, reason: str) -> None:
        """Close; at once where the client does not read or answer."""
        self._flush()
        try:
            # The library drains its buffer before it waits for the client's close frame:
            # without this bound a client that never reads would be kept for ever.
            async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                await self._connection.close(code, reason)
        except TimeoutError:
            self._connection.transport.abort()
            await self._connection.wait_closed()


class WsListener:
    """`ports.Listener` over the `websockets` library; on the socket `bound` where one is given."""

    def __init__(self, bound: socket.socket | None = None) -> None:
        self._bound = bound

    @asynccontextmanager
    async def serve(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Handler],
        on_connection: Callable[[ClientConnection], Awaitable[None]] | None = None,
        *,
        websocket_paths: Sequence[str] = (),
        message_bytes_max: int = 16 * 1024,
        door: Door | None = None,
    ) -> AsyncIterator[int]:
        """Listen while the context is open; see `ports.Listener.serve`.

        What `on_connection` raises cancels what is inside the context and is raised from it
        in an exception group.
        """
        clients = _Clients(on_connection)
        answers = Answers(routes, websocket_paths)
        bound = self._bound or listening_socket(host, port)
        server = await _start(bound, clients, answers, message_bytes_max, door)
        async with server, clients.group:
            try:
                yield int(server.sockets[0].getsockname()[1])
            finally:
                server.close(close_connections=False)
                await clients.close()


class _Clients:
    """Those connected, each served by a task of `group`."""

    def __init__(self, on_connection: Callable[[ClientConnection], Awaitable[None]] | None) -> None:
        self.group = asyncio.TaskGroup()
        self._on_connection = on_connection
        self._connected: set[WsClient] = set()

    async def __call__(self, connection: ServerConnection) -> None:
        """Serve one client until its task ends."""
        _bound_socket(connection)
        client = WsClient(connection)
        self._connected.add(client)
        try:
            await asyncio.wait([self.group.create_task(self._serve(client))])
        finally:
            self._connected.discard(client)

    async def _serve(self, client: WsClient) -> None:
        if self._on_connection is not None:
            await self._on_connection(client)

    async def close(self) -> None:
        """Close all, whether they read or not."""
        await asyncio.gather(*(client.close(RESTART, "restart") for client in self._connected))


class _Visitor(ServerConnection):
    """One socket from its first moment on: who is too many is not heard at all."""

    door: Door | None = None
    unread = Unread()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = "gone"
        self._knocking = False
        self._inside = False
        self._unheard = False
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "gone"
        if self.door is not None and not self.door.knock(self.address):
            self._unheard = True
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self._knocking = True
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._unheard:
            return
        self.settle()
        self.unread.release(self._unread_bytes)
        if self.door is not None and self._inside:
            self._inside = False
            self.door.leave(self.address)
        super().connection_lost(exc)

    def settle(self) -> None:
        """The request is here, or will never come."""
        if self.door is not None and self._knocking:
            self._knocking = False
            self.door.settle(self.address)

    def refused(self, *, websocket: bool) -> Response | None:
        """Return why this one may not come in, or have its answer."""
        if self.door is None:
            return None
        if not websocket:
            return self.door.ask(self.address)
        refusal = self.door.admit(self.address)
        self._inside = refusal is None
        return refusal

    def answered(self, answer: http11.Response | None) -> http11.Response | None:
        """Return what is sent: the answer, unless too much is not read yet."""
        if answer is not None:
            answer, self._unread_bytes = self.unread.hold(answer)
        return answer


async def _start(
    bound: socket.socket,
    clients: _Clients,
    answers: Answers,
    message_bytes_max: int,
    door: Door | None,
) -> Server:
    return await serve(
        clients,
        sock=bound,
        backlog=BACKLOG,
        process_request=partial(_answer, answers),
        create_connection=type("_Visitor", (_Visitor,), {"door": door, "unread": Unread()}),
        select_subprotocol=_subprotocol,
        compression=None,
        server_header=None,
        open_timeout=OPEN_TIMEOUT_S,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        close_timeout=CLOSE_TIMEOUT_S,
        max_size=message_bytes_max,
        write_limit=WRITE_LIMIT_BYTES,
        logger=_sockets_log,
    )


def _answer(
    answers: Answers, connection: ServerConnection, request: http11.Request
) -> http11.Response | None:
    assert isinstance(connection, _Visitor)
    connection.settle()
    return connection.answered(answers.answer(request, connection.refused))


def _subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return PROTOCOL if PROTOCOL in offered else None


def _frame_head(size: int) -> bytes:
    """Return what comes before `size` bytes of text from a server (RFC 6455 section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def _joined(messages: Sequence[bytes]) -> bytes:
    """Return the messages as frames, in one piece."""
    frames: list[bytes] = []
    for payload in messages:
        size = len(payload)
        frames.append(_HEADS[size] if size < len(_HEADS) else _frame_head(size))
        frames.append(payload)
    return b"".join(frames)


_HEADS = tuple(map(_frame_head, range(2048)))
"""Those of the frames that come most."""


def _bound_socket(connection: ServerConnection) -> None:
    sock = connection.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)


def _gone(closed: ConnectionClosed) -> FeedError:
    frame = closed.rcvd or closed.sent
    text = "without a close frame (1006)" if frame is None else f"{frame.code} {frame.reason}"
    return FeedError(f"the client is gone: {text}".rstrip())
