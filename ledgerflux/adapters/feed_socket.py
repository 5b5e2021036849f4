"""A venue's socket at the price of a look at each frame: whole text messages, all that counts.

The `websockets` library opens and closes it and answers pings. Whole unfragmented text frames
never reach it; from the first frame that is anything else on, it reads everything.
"""

import asyncio
from collections import deque
from typing import Any

from websockets.asyncio.client import ClientConnection

from ledgerflux.wire.socket_frames import cut

UNREAD_FRAMES_MAX = 64
UNREAD_BYTES_MAX = 1024 * 1024
"""Of frames not taken yet; a larger one stands alone. Then the socket is not read."""
CONTROL = (0x88, 0x89, 0x8A)
"""First bytes of whole close, ping and pong frames."""
_UPGRADED = b"HTTP/1.1 101"
_HEAD_END = b"\r\n\r\n"
_HEAD_BYTES_MAX = 64 * 1024


class FeedSocket(ClientConnection):
    """One connection; `receive` takes what came, `frame_bytes_max` bounds a frame."""

    frame_bytes_max = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._rest = b""
        self._upgraded = False
        self._by_library = False
        self._paused = False
        self._news = asyncio.Event()

    async def receive(self) -> list[bytes]:
        """Return the frames that came, one or more.

        Raises:
            ConnectionClosed: There are none, and there will be none.
        """
        while not self._unread:
            if self._by_library:
                return [await self.recv(decode=False)]
            self._news.clear()
            await self._news.wait()
        frames = list(self._unread)
        self._unread.clear()
        self._unread_bytes = 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        return frames

    def data_received(self, data: bytes) -> None:
        """Take whole text frames out of `data`; the rest is the library's."""
        if self._by_library:
            super().data_received(data)
            return
        data = self._rest + data if self._rest else data
        self._rest = b""
        if not self._upgraded:
            data = self._upgrade(data)
        if data:
            self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits hears how it ended from the library."""
        super().connection_lost(exc)
        self._hand_over(b"")

    def _upgrade(self, data: bytes) -> bytes:
        """Give the library the answer to the upgrade; return what follows it."""
        head, found, rest = data.partition(_HEAD_END)
        if not data.startswith(_UPGRADED[: len(data)]) or len(head) > _HEAD_BYTES_MAX:
            self._hand_over(data)
            return b""
        if not found:
            self._rest = data
            return b""
        self._upgraded = True
        super().data_received(head + found)
        return rest

    def _take(self, data: bytes) -> None:
        start, end = 0, len(data)
        while start < end:
            frames, stop = cut(data, start, 1, bytes_max=self.frame_bytes_max)
            if not frames:
                break
            frame, is_text = frames[0]
            if is_text:
                self._unread.append(frame)
                self._unread_bytes += len(frame)
            elif frame[0] in CONTROL:
                super().data_received(frame)
            else:
                self._hand_over(data[start:])
                return
            start = stop
        self._rest = data[start:]
        if self._unread:
            self._news.set()
            self._bound()

    def _hand_over(self, data: bytes) -> None:
        """Let the library read from here on."""
        self._by_library = True
        self._news.set()
        if data:
            super().data_received(data)

    def _bound(self) -> None:
        """Read no more of the socket while too much is unread."""
        if self._paused or self.transport.is_closing():
            return
        if len(self._unread) >= UNREAD_FRAMES_MAX or self._unread_bytes >= UNREAD_BYTES_MAX:
            self._paused = True
            self.transport.pause_reading()
