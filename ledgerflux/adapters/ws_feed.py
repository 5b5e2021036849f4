"""Sockets to venues."""

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from ledgerflux.errors import FeedError
from ledgerflux.venues.base import FRAME_BYTES_MAX

CLOSE_TIMEOUT_S = 1.0


class WsConnection:
    """`ports.FeedConnection` over a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: str) -> None:
        """Send a text frame; see `ports.FeedConnection.send`."""
        try:
            await self._socket.send(frame)
        except ConnectionClosed as closed:
            raise _ended(closed) from closed

    async def receive(self) -> bytes:
        """Return the next frame's bytes; see `ports.FeedConnection.receive`."""
        try:
            return await self._socket.recv(decode=False)
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
            socket = await connect(
                url,
                max_size=FRAME_BYTES_MAX,
                max_queue=64,
                compression=None,
                ping_interval=self._ping_s,
                ping_timeout=self._ping_s,
                open_timeout=self._connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
            )
        except (TimeoutError, OSError, InvalidHandshake, InvalidURI, EOFError) as error:
            reason = str(error) or type(error).__name__
            raise FeedError(f"{url} can't be reached: {reason}", code="feed_refused") from error
        return WsConnection(socket)


def _ended(closed: ConnectionClosed) -> FeedError:
    """Return the end in words; only after the venue's own goodbye is nothing missing."""
    if closed.rcvd is not None:
        text = f"closed with {closed.rcvd.code} {closed.rcvd.reason}".rstrip()
        return FeedError(text, code="feed_closed" if closed.rcvd_then_sent else "feed_lost")
    if closed.sent is not None:
        text = f"we closed with {closed.sent.code} {closed.sent.reason}".rstrip()
        return FeedError(text, code="feed_lost")
    return FeedError("closed without a close frame (1006)", code="feed_lost")
