"""A WebSocket that only reads, at the price of a system call and a few look-ups.

The `websockets` library opens and closes it and answers pings, without its own loop; whole
text messages, all that counts here, never reach it.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ledgerflux.client.way import usual_way
from ledgerflux.errors import GatewayError
from ledgerflux.loadtest.reading import Piece, Reader

OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
SLOW_RECEIVE_BYTES = 16 * 1024
ABNORMAL = 1006
_HEAD_END = b"\r\n\r\n"
_HEAD_BYTES_MAX = 64 * 1024

_deflate = ClientPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)

OnPiece = Callable[[Piece, int], None]
"""Gets messages and the monotonic time at which their bytes were received."""


class LoadSocket(asyncio.Protocol):
    """One connection; `opened` and `ended` are done when it is, with the close code."""

    def __init__(self, url: str, reader: Reader, on_piece: OnPiece) -> None:
        loop = asyncio.get_running_loop()
        self._library = ClientProtocol(
            parse_uri(url),
            subprotocols=[Subprotocol("lfx.v1")],
            extensions=[_deflate] if reader.compressed else None,
        )
        self._reader = reader
        self._on_piece = on_piece
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self.received_bytes = 0
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        request = self._library.connect()
        request.headers.update(usual_way().headers)
        self._library.send_request(request)
        self._write()

    def data_received(self, data: bytes) -> None:
        """Hand out the messages in `data`."""
        now_ns = time.monotonic_ns()
        self.received_bytes += len(data)
        data = self._rest + data if self._rest else data
        if not self.opened.done():
            data = self._open(data)
            if not self.opened.done():
                return
        pieces, self._rest = self._reader.pieces(data)
        for piece in pieces:
            self._on_piece(piece, now_ns)
            for frame in piece.control:
                self._to_library(frame)

    def eof_received(self) -> None:
        """Let the library know; the connection is closed."""
        self._library.receive_eof()

    def connection_lost(self, error: Exception | None) -> None:
        """Say how it ended."""
        if self._library.state is not State.CLOSED:
            self._library.receive_eof()
        if not self.opened.done():
            why = self._library.handshake_exc or error or "the connection was closed"
            self.opened.set_exception(GatewayError(f"no gateway answers: {why}"))
        if not self.ended.done():
            self.ended.set_result(self._library.close_code or ABNORMAL)

    def send(self, text: bytes) -> None:
        """Send one text message; nothing once it is closing."""
        if self._library.state is State.OPEN:
            self._library.send_text(text)
            self._write()

    def close(self) -> None:
        """Begin to close it; end it where that is not answered."""
        if self._library.state is State.OPEN:
            self._library.send_close(1000)
            self._write()
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.abort)
        elif self._transport is not None:
            self._transport.abort()

    def abort(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self, *, paused: bool) -> None:
        """Stop reading, or go on."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if paused:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _open(self, data: bytes) -> bytes:
        """Give the library the answer to the upgrade; return what follows it."""
        head, found, rest = data.partition(_HEAD_END)
        if not found and len(head) < _HEAD_BYTES_MAX:
            self._rest = data
            return b""
        self._rest = b""
        self._to_library(head + found)
        if self._library.state is State.OPEN:
            self.opened.set_result(None)
            return rest
        self.abort()
        return b""

    def _to_library(self, data: bytes) -> None:
        self._library.receive_data(data)
        for _ in self._library.events_received():
            pass  # control frames: what they ask for is in `data_to_send`
        self._write()

    def _write(self) -> None:
        assert self._transport is not None
        for data in self._library.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


async def open_socket(
    url: str, reader: Reader, on_piece: OnPiece, *, slow: bool = False
) -> LoadSocket:
    """Return an open socket; one that is to be `slow` has a small buffer in the kernel.

    Raises:
        GatewayError: Nothing answers there, or not what a gateway answers.
    """
    parsed = parse_uri(url)
    loop = asyncio.get_running_loop()
    made = LoadSocket(url, reader, on_piece)
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            plain = await _connected(parsed.host, parsed.port, slow=slow)
            await loop.create_connection(
                lambda: made,
                sock=plain,
                ssl=usual_way().tls if parsed.secure else None,
                server_hostname=parsed.host if parsed.secure else None,
            )
            await made.opened
    except (OSError, TimeoutError, WebSocketException) as error:
        made.abort()
        raise GatewayError(f"no gateway answers: {str(error) or 'in time'}") from error
    return made


async def _connected(host: str, port: int, *, slow: bool) -> socket.socket:
    """Return a connected TCP socket; the buffer must be set before that."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    plain = socket.socket(family, kind, protocol)
    try:
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if slow:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_RECEIVE_BYTES)
        await loop.sock_connect(plain, address)
    except BaseException:
        plain.close()
        raise
    return plain
