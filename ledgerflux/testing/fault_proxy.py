"""A TCP proxy on loopback whose connections fail on demand.

It stands between ingest and a venue, a role and NATS, or a client and its gateway::

    async with FaultProxy.to("127.0.0.1", port) as proxy:
        url = f"ws://127.0.0.1:{proxy.port}/"
        proxy.stall()       # the sockets stay open, nothing passes
        proxy.heal()        # what waited passes
        proxy.cut()         # every connection is reset, new ones are let in
        await proxy.refuse()

Bytes are never changed, and never reordered; what waits here is bounded by the buffers of two
sockets, so a stalled peer feels it as it would over a network.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Self

CHUNK_BYTES = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST."""

Direction = Literal["up", "down", "both"]
"""`up` is from the client to the server."""


class _Lane:
    """What happens to the bytes of one direction."""

    def __init__(self) -> None:
        self.passing = asyncio.Event()
        self.passing.set()
        self.swallowing = False
        self.delay_s = 0.0
        self.bytes_per_s: float | None = None
        self.bytes_total = 0

    def heal(self) -> None:
        self.swallowing = False
        self.delay_s = 0.0
        self.bytes_per_s = None
        self.passing.set()


class FaultProxy:
    """Passes connections at `port` on to one server, as well or as badly as it is told.

    A fault holds for open and for new connections, until `heal`.
    """

    def __init__(self, host: str, port: int) -> None:
        """See `to`, which opens it."""
        self._target = (host, port)
        self._lanes = {"up": _Lane(), "down": _Lane()}
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._group: asyncio.TaskGroup
        self.port = 0
        self.connections_total = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, host: str, port: int) -> AsyncIterator[Self]:
        """Listen on a free port of loopback; on leaving, everything is closed."""
        proxy = cls(host, port)
        async with asyncio.TaskGroup() as group:
            proxy._group = group
            await proxy.accept()
            try:
                yield proxy
            finally:
                await proxy.refuse()
                proxy.cut()
                proxy.heal()

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._open) // 2

    @property
    def bytes_up(self) -> int:
        """Return how many bytes went from clients to the server."""
        return self._lanes["up"].bytes_total

    @property
    def bytes_down(self) -> int:
        """Return how many bytes went from the server to clients."""
        return self._lanes["down"].bytes_total

    # -- faults ------------------------------------------------------------------------

    def stall(self, direction: Direction = "both") -> None:
        """Hold all bytes back; connections stay open, and new ones are taken."""
        for lane in self._of(direction):
            lane.passing.clear()

    def blackhole(self, direction: Direction = "both") -> None:
        """Lose all bytes; healed, a stream goes on with a hole in it."""
        for lane in self._of(direction):
            lane.swallowing = True

    def delay(self, seconds: float, direction: Direction = "both") -> None:
        """Let every chunk of bytes wait before it is passed on."""
        for lane in self._of(direction):
            lane.delay_s = seconds

    def throttle(self, bytes_per_s: float, direction: Direction = "both") -> None:
        """Pass no more than so many bytes a second on each connection."""
        for lane in self._of(direction):
            lane.bytes_per_s = bytes_per_s

    def cut(self, *, reset: bool = True) -> None:
        """End every connection at both ends: with RST, or as a process that ends does (FIN)."""
        for writer in list(self._open):
            if reset:
                _linger_none(writer)
            writer.transport.abort()

    async def refuse(self) -> None:
        """Let nobody in: connecting is refused as where nothing listens."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await asyncio.sleep(0)

    async def accept(self) -> None:
        """Let clients in again, at the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._connected, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = int(self._server.sockets[0].getsockname()[1])

    def heal(self) -> None:
        """End stalls, holes, delays and throttling; who was refused must be accepted."""
        for lane in self._lanes.values():
            lane.heal()

    # -- inside ------------------------------------------------------------------------

    def _of(self, direction: Direction) -> list[_Lane]:
        names = ("up", "down") if direction == "both" else (direction,)
        return [self._lanes[name] for name in names]

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._group.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_total += 1
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            _linger_none(writer)
            writer.transport.abort()
            return
        self._open |= {writer, back}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back, self._lanes["up"]))
                group.create_task(self._pump(there, writer, self._lanes["down"]))
        except* OSError:
            pass  # one end is gone: so is the other
        finally:
            self._open -= {writer, back}
            writer.transport.abort()
            back.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: _Lane
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if lane.delay_s:
                await asyncio.sleep(lane.delay_s)
            if lane.bytes_per_s is not None:
                await asyncio.sleep(len(chunk) / lane.bytes_per_s)
            await lane.passing.wait()
            if lane.swallowing:
                continue
            writer.write(chunk)
            lane.bytes_total += len(chunk)
            await writer.drain()
        await lane.passing.wait()
        if not writer.transport.is_closing():
            writer.write_eof()


def _linger_none(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    if raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
