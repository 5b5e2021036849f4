"""One client's WebSocket, as the gateway and the exchange write to it and read from it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ledgerflux.adapters.ws_visits import bearer_of, is_direct
from ledgerflux.errors import FeedError
from ledgerflux.ports import Batch, Sent

JOINED_BYTES_MAX = 32 * 1024
"""More than this is not joined: it is written at once, and waited for while the socket is full."""
CLOSE_TIMEOUT_S = 1.0
_OPEN = State.OPEN
"""Looked up once: a member of an enum costs as much as the rest of a look at the state."""


class WsClient:
    """`ports.ClientConnection` over a WebSocket.

    Messages sent in one turn of the loop are written in one piece at its end: the write is
    what a message costs. `make` makes of a batch the frames that this client gets next.
    Handshake, pings, closing and a full socket are the library's.
    """

    __slots__ = (
        "_buffered",
        "_connection",
        "_give",
        "_loop",
        "_make",
        "_messages",
        "_messages_bytes",
        "_protocol",
        "_sent",
        "address",
        "bearer",
        "direct",
        "path",
        "remote",
    )

    def __init__(
        self,
        connection: ServerConnection,
        make: Callable[[Batch], bytes],
        sent: Sent,
    ) -> None:
        assert connection.request is not None
        self._connection = connection
        self._give = connection.transport.write
        self._buffered = connection.transport.get_write_buffer_size
        self._protocol = connection.protocol
        self._make = make
        self._sent = sent
        self._loop = asyncio.get_running_loop()
        self._messages: list[bytes] = []
        self._messages_bytes = 0
        address = connection.remote_address
        self.address = str(address[0]) if address else "gone"
        self.remote = f"{address[0]}:{address[1]}" if address else "gone"
        self.path = connection.request.path.partition("?")[0]
        self.bearer = bearer_of(connection.request.headers)
        self.direct = is_direct(connection.request.headers)

    async def send(self, message: str | bytes) -> None:
        """Send one text message; see `ports.ClientConnection.send`."""
        payload = message.encode() if isinstance(message, str) else message
        connection = self._connection
        if (
            connection.state is _OPEN
            and len(payload) + self._messages_bytes < JOINED_BYTES_MAX
            and connection.transport.get_write_buffer_size() < JOINED_BYTES_MAX
        ):
            self._join(payload)
        else:
            await self.send_all([payload])

    def write_now(self, batch: Batch) -> bool:
        """Write a batch if nothing is in the way; see `ports.ClientConnection.write_now`."""
        if (
            self._messages_bytes
            or self._protocol.state is not _OPEN
            or self._buffered() >= JOINED_BYTES_MAX
        ):
            return False
        # What follows is `_write`: a call less for each client of each flush.
        data = batch.kept.get(self._make) or self._make(batch)
        self._give(data)
        sent = self._sent
        sent.message_bytes += batch.size_bytes
        sent.frame_bytes += len(data)
        return True

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """Send text messages in one write; see `ports.ClientConnection.send_all`."""
        self._flush()
        connection = self._connection
        if connection.state is _OPEN:
            self._write(Batch(messages))
            with suppress(OSError):  # a reset while it drained: told below
                await connection.drain()
        if connection.state is not _OPEN:
            await connection.wait_closed()
            raise _gone(connection.protocol.close_exc)

    def _join(self, payload: bytes) -> None:
        if not self._messages:
            self._loop.call_soon(self._flush)
        self._messages.append(payload)
        self._messages_bytes += len(payload)

    def _flush(self) -> None:
        messages, self._messages, self._messages_bytes = self._messages, [], 0
        if messages and self._connection.state is _OPEN:
            self._write(Batch(messages))

    def _write(self, batch: Batch) -> None:
        data = self._make(batch)
        self._give(data)
        self._sent.message_bytes += batch.size_bytes
        self._sent.frame_bytes += len(data)

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


def _gone(closed: ConnectionClosed) -> FeedError:
    frame = closed.rcvd or closed.sent
    text = "without a close frame (1006)" if frame is None else f"{frame.code} {frame.reason}"
    return FeedError(f"the client is gone: {text}".rstrip())
