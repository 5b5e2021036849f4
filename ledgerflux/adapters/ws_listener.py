"""HTTP GETs and WebSockets of clients on one port."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from websockets import http11
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from ledgerflux.adapters.http_answers import Answers, Unread
from ledgerflux.adapters.sockets import BACKLOG, listening_socket
from ledgerflux.adapters.ws_client import CLOSE_TIMEOUT_S, WsClient
from ledgerflux.adapters.ws_deflate import SharedDeflate, takes_compressed
from ledgerflux.adapters.ws_frames import plain
from ledgerflux.adapters.ws_visits import visit_of
from ledgerflux.ports import ClientConnection, Door, Guard, Handler, Pack, Response, Sent

SEND_BUFFER_BYTES = 256 * 1024
"""In the kernel, per client: what it holds is as old as the client is slow."""
WRITE_LIMIT_BYTES = 64 * 1024
UNANSWERED_MS = 20_000
PING_S = 20.0
OPEN_TIMEOUT_S = 5.0
RESTART = 1012
PROTOCOL = Subprotocol("lfx.v1")

VISITORS = (WebSocketException, OSError, EOFError)
"""What a handshake fails with because of the one who knocks: no error of ours."""


def _is_told(record: logging.LogRecord) -> bool:
    failed = record.exc_info[1] if record.exc_info else None
    return record.msg != "opening handshake failed" or not isinstance(failed, VISITORS)


_sockets_log = logging.getLogger("ledgerflux.sockets")
_sockets_log.addFilter(_is_told)


class WsListener:
    """`ports.Listener` over the `websockets` library; on the socket `bound` where one is given.

    With `tls` it speaks nothing else.
    """

    def __init__(
        self, bound: socket.socket | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._bound = bound
        self._tls = tls

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
        guard: Guard | None = None,
        pack: Pack | None = None,
        sent: Sent | None = None,
    ) -> AsyncIterator[int]:
        """Listen while the context is open; see `ports.Listener.serve`.

        What `on_connection` raises cancels what is inside the context and is raised from it
        in an exception group.
        """
        deflate = None if pack is None else SharedDeflate(pack)
        clients = _Clients(on_connection, deflate, sent or Sent())
        answers = Answers(routes, websocket_paths)
        bound = self._bound or listening_socket(host, port)
        visitor = type("_Visitor", (_Visitor,), {"door": door, "guard": guard, "unread": Unread()})
        server = await _start(
            bound, clients, answers, message_bytes_max, visitor, deflate, self._tls
        )
        async with server, asyncio.TaskGroup() as group:
            watch = group.create_task(clients.failed())
            try:
                yield int(server.sockets[0].getsockname()[1])
            finally:
                server.close(close_connections=False)
                await clients.close()
                watch.cancel()


class _Clients:
    """Those connected, each served by the task that the library has for it."""

    def __init__(
        self,
        on_connection: Callable[[ClientConnection], Awaitable[None]] | None,
        deflate: SharedDeflate | None,
        sent: Sent,
    ) -> None:
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_connection = on_connection
        self._deflate = deflate
        self._sent = sent
        self._connected: set[WsClient] = set()

    async def __call__(self, connection: ServerConnection) -> None:
        """Serve one client to its end."""
        _bound_socket(connection)
        packed = takes_compressed(connection)
        make = self._deflate.maker(connection) if packed and self._deflate else plain
        client = WsClient(connection, make, self._sent)
        _forget_handshake(connection)
        self._connected.add(client)
        self._sent.packed_clients += packed
        try:
            await self._serve(client)
        except Exception as error:
            if self._failure.done():
                raise
            self._failure.set_exception(error)
        finally:
            self._connected.discard(client)
            self._sent.packed_clients -= packed

    async def _serve(self, client: WsClient) -> None:
        if self._on_connection is not None:
            await self._on_connection(client)

    async def failed(self) -> None:
        """Wait for what serving a client raises, and raise it."""
        await self._failure

    async def close(self) -> None:
        """Close all, whether they read or not."""
        await asyncio.gather(*(client.close(RESTART, "restart") for client in self._connected))


class _Visitor(ServerConnection):
    """One socket from its first moment on: who is too many is not heard at all."""

    # Beside the library's attributes these would double the dict that holds them.
    __slots__ = ("_inside", "_knocking", "_unheard", "_unread_bytes", "address")
    door: Door | None = None
    guard: Guard | None = None
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

    def refused(self, request: http11.Request, *, websocket: bool) -> Response | None:
        """Return why this one may not come in, or have its answer."""
        refusal = self._turned_away(websocket=websocket)
        if refusal is None and self.guard is not None:
            refusal = self.guard.judge(visit_of(request, self.address, websocket=websocket))
        return refusal

    def _turned_away(self, *, websocket: bool) -> Response | None:
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
    visitor: type[_Visitor],
    deflate: SharedDeflate | None,
    tls: ssl.SSLContext | None,
) -> Server:
    return await serve(
        clients,
        sock=bound,
        backlog=BACKLOG,
        process_request=partial(_answer, answers),
        create_connection=visitor,
        select_subprotocol=_subprotocol,
        extensions=None if deflate is None else [deflate],
        compression=None,
        server_header=None,
        open_timeout=OPEN_TIMEOUT_S,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        close_timeout=CLOSE_TIMEOUT_S,
        max_size=message_bytes_max,
        write_limit=WRITE_LIMIT_BYTES,
        logger=_sockets_log,
        ssl=tls,
        ssl_handshake_timeout=None if tls is None else OPEN_TIMEOUT_S,
    )


def _answer(
    answers: Answers, connection: ServerConnection, request: http11.Request
) -> http11.Response | None:
    assert isinstance(connection, _Visitor)
    connection.settle()
    return connection.answered(answers.answer(request, partial(connection.refused, request)))


def _subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return PROTOCOL if PROTOCOL in offered else None


def _forget_handshake(connection: ServerConnection) -> None:
    """Drop what was read and sent: kilobytes that the library keeps as long as the connection."""
    assert connection.request is not None
    connection.request.headers.clear()
    connection.response = None


def _bound_socket(connection: ServerConnection) -> None:
    sock = connection.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
