"""The listener in memory: clients of a role without sockets, as slow as a test wants."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

from ledgerflux.errors import Conflict, FeedError
from ledgerflux.ports import (
    Batch,
    ClientConnection,
    Door,
    Guard,
    Handler,
    Pack,
    Request,
    Response,
    Sent,
    Visit,
)

RESTART = 1012
HOST = "127.0.0.1"


class MemoryClient:
    """Both ends of one connection.

    The server's `send` waits while `window_bytes` or more are unread; a client that never
    calls `next` is a client that does not read.
    """

    def __init__(
        self,
        path: str,
        window_bytes: int,
        address: str = "127.0.0.1",
        sent: Sent | None = None,
        bearer: str | None = None,
    ) -> None:
        self.path = path
        self._sent = sent or Sent()
        self.address = address
        self.remote = "memory:0"
        self.bearer = bearer
        self.direct = True
        self.closed: tuple[int, str] | None = None
        self._window_bytes = window_bytes
        self._unread: deque[bytes] = deque()
        self._requests: deque[str | bytes] = deque()
        self._changed = asyncio.Condition()

    # -- the server's end: `ports.ClientConnection` --------------------------------------

    async def send(self, message: str | bytes) -> None:
        """Send one text message; see `ports.ClientConnection.send`."""
        await self.send_all([message.encode() if isinstance(message, str) else message])

    def write_now(self, batch: Batch) -> bool:  # noqa: ARG002
        """Say that it must wait: here every write is one that waits for its reader."""
        return False

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """Send text messages at once; see `ports.ClientConnection.send_all`."""
        async with self._changed:
            self._raise_if_closed()
            self._unread.extend(messages)
            size_bytes = sum(map(len, messages))
            self._sent.message_bytes += size_bytes
            self._sent.frame_bytes += size_bytes
            self._changed.notify_all()
            await self._changed.wait_for(self._may_go_on)
            self._raise_if_closed()

    async def receive(self) -> str | bytes:
        """Return the next message; see `ports.ClientConnection.receive`."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._requests or self.closed))
            if not self._requests:
                self._raise_if_closed()
            return self._requests.popleft()

    async def close(self, code: int, reason: str) -> None:
        """Close, whether the client reads or not."""
        async with self._changed:
            self.closed = self.closed or (code, reason)
            self._changed.notify_all()

    # -- the client's end ----------------------------------------------------------------

    async def ask(self, message: str | bytes) -> None:
        """Send a message to the server."""
        async with self._changed:
            self._requests.append(message)
            self._changed.notify_all()

    async def next(self, timeout_s: float = 5.0) -> bytes:
        """Return the next message of the server.

        Raises:
            FeedError: The server closed, and everything was read.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: bool(self._unread or self.closed))
            if not self._unread:
                self._raise_if_closed()
            message = self._unread.popleft()
            self._changed.notify_all()
            return message

    async def leave(self) -> None:
        """End the connection from the client's side."""
        await self.close(1000, "")

    def _may_go_on(self) -> bool:
        return self.closed is not None or sum(map(len, self._unread)) < self._window_bytes

    def _raise_if_closed(self) -> None:
        if self.closed is not None:
            code, reason = self.closed
            raise FeedError(f"the client is gone: {code} {reason}".rstrip())


class MemoryListener:
    """`ports.Listener` for one process; tests use `connect` and `get`."""

    def __init__(self, *, window_bytes: int = 256 * 1024) -> None:
        self.window_bytes = window_bytes
        self._routes: Mapping[str, Handler] = {}
        self._paths: Sequence[str] = ()
        self._accept: Callable[[MemoryClient], None] | None = None
        self._door: Door | None = None
        self._guard: Guard | None = None
        self._taken: set[int] = set()
        self._sent = Sent()

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

        Nobody here takes compressed messages.
        """
        del host, message_bytes_max, pack
        chosen = port or 1 + max(self._taken, default=49_999)
        if chosen in self._taken:
            raise Conflict(f"port {port} is in use", code="port_in_use")
        self._taken.add(chosen)
        self._routes, self._paths, self._door = routes, websocket_paths, door
        self._guard = guard
        self._sent = sent or Sent()
        clients: list[MemoryClient] = []
        async with asyncio.TaskGroup() as group:

            async def handle(client: MemoryClient) -> None:
                try:
                    if on_connection is not None:
                        await on_connection(client)
                finally:
                    if door is not None:
                        door.leave(client.address)
                await client.close(1000, "")

            def accept(client: MemoryClient) -> None:
                clients.append(client)
                group.create_task(handle(client))

            self._accept = accept
            try:
                yield chosen
            finally:
                self._accept = None
                self._taken.discard(chosen)
                for client in clients:
                    await client.close(RESTART, "restart")

    def connect(
        self,
        path: str,
        *,
        window_bytes: int | None = None,
        address: str = "127.0.0.1",
        origin: str | None = None,
        bearer: str | None = None,
    ) -> MemoryClient:
        """Open a WebSocket from `address`, of a page of `origin`, showing `bearer`.

        Raises:
            FeedError: Nobody listens there, or it is not let in (`feed_refused`).
        """
        if self._accept is None or path not in self._paths:
            raise FeedError(f"nothing is at {path}", code="feed_refused")
        if self._door is not None:
            self._refuse(self._door.admit(address))
        if self._guard is not None:
            visit = Visit(address, path, websocket=True, host=HOST, origin=origin, bearer=bearer)
            self._refuse(self._guard.judge(visit))
        window = window_bytes or self.window_bytes
        client = MemoryClient(path, window, address, self._sent, bearer)
        client.direct = origin is None
        self._accept(client)
        return client

    @staticmethod
    def _refuse(refused: Response | None) -> None:
        if refused is not None:
            code = json.loads(refused.body)["error"]["code"]
            raise FeedError(f"HTTP {refused.status} {code}", code="feed_refused")

    def get(
        self, target: str, *, address: str = "127.0.0.1", bearer: str | None = None
    ) -> Response:
        """Answer a GET of `target`, a path with or without a query."""
        url = urlsplit(target)
        if self._guard is not None:
            visit = Visit(address, url.path, websocket=False, host=HOST, bearer=bearer)
            refused = self._guard.judge(visit)
            if refused is not None:
                return refused
        query = {name: values[0] for name, values in parse_qs(url.query, True).items()}
        prefixes = sorted((path for path in self._routes if path.endswith("/*")), key=len)
        found = [path for path in prefixes if url.path.startswith(path[:-1])]
        handler = self._routes.get(url.path) or (self._routes[found[-1]] if found else None)
        if handler is None:
            return Response(404, "application/json", b'{"error":{"code":"not_found"}}')
        return handler(Request(url.path, query))
