"""Sockets to venues."""

import ssl

from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from ledgerflux.adapters.feed_socket import FeedSocket
from ledgerflux.core.feed_refusal import code_of, retry_after_s
from ledgerflux.errors import FeedError
from ledgerflux.venues.base import FRAME_BYTES_MAX

CLOSE_TIMEOUT_S = 1.0


class _Connect(connect):
    """Opens a socket where it was told to, and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow nobody: who answers elsewhere is not the venue that was asked for."""
        return exc


class _Socket(FeedSocket):
    frame_bytes_max = FRAME_BYTES_MAX


class WsConnection:
    """`ports.FeedConnection` over a WebSocket."""

    def __init__(self, socket: FeedSocket) -> None:
        self._socket = socket

    async def send(self, frame: str) -> None:
        """Send a text frame; see `ports.FeedConnection.send`."""
        try:
            await self._socket.send(frame)
        except ConnectionClosed as closed:
            raise _ended(closed) from closed

    async def receive(self) -> list[bytes]:
        """Return the frames that came; see `ports.FeedConnection.receive`."""
        try:
            return await self._socket.receive()
        except ConnectionClosed as closed:
            raise _ended(closed) from closed

    async def close(self) -> None:
        """Close; see `ports.FeedConnection.close`."""
        await self._socket.close()


class WsFeed:
    """`ports.Feed` over WebSockets.

    Frames to 16 MiB are taken: a full-depth snapshot is 5 MB of text. `ping_s` is how
    often a ping must be answered.
    """

    def __init__(self, *, ping_s: float = 10.0, connect_timeout_s: float = 10.0) -> None:
        self._ping_s = ping_s
        self._connect_timeout_s = connect_timeout_s

    async def connect(self, url: str) -> WsConnection:
        """Open a socket; see `ports.Feed.connect`."""
        try:
            socket = await _Connect(
                url,
                max_size=FRAME_BYTES_MAX,
                max_queue=64,
                compression=None,
                ping_interval=self._ping_s,
                ping_timeout=self._ping_s,
                open_timeout=self._connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                create_connection=_Socket,
            )
        except (TimeoutError, OSError, InvalidHandshake, InvalidURI, EOFError) as error:
            raise _refused(url, error) from error
        assert isinstance(socket, _Socket)
        return WsConnection(socket)


def _refused(url: str, error: Exception) -> FeedError:
    """Return why `url` did not let us in, classified."""
    reason = str(error) or type(error).__name__
    if isinstance(error, InvalidStatus):
        response = error.response
        answer = f"HTTP {response.status_code}"
        if (place := response.headers.get("Location")) is not None:
            answer += f" to {place[:200]}"
        refused = FeedError(f"{url} answers {answer}", code=code_of(response.status_code))
        refused.retry_after_s = retry_after_s(response.headers.get("Retry-After"))
        return refused
    if isinstance(error, ssl.SSLError):
        return FeedError(f"{url}: no trusted connection: {reason}", code="feed_tls")
    if isinstance(error, InvalidHandshake) and not isinstance(error, ProxyError):
        return FeedError(f"{url} speaks no WebSocket: {reason[:200]}", code="feed_not_websocket")
    return FeedError(f"{url} can't be reached: {reason[:200]}", code="feed_refused")


def _ended(closed: ConnectionClosed) -> FeedError:
    """Return the end in words; only after the venue's own goodbye is nothing missing."""
    if closed.rcvd is not None:
        text = f"closed with {closed.rcvd.code} {closed.rcvd.reason}".rstrip()
        return FeedError(text, code="feed_closed" if closed.rcvd_then_sent else "feed_lost")
    if closed.sent is not None:
        text = f"we closed with {closed.sent.code} {closed.sent.reason}".rstrip()
        return FeedError(text, code="feed_lost")
    return FeedError("closed without a close frame (1006)", code="feed_lost")
