"""One sink for all servers: plain sockets, one loop, every message counted, some read in full."""

import os
import select
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from ledgerflux.bench.gateway.inflating import OFFER, Inflater, Shared, inflater_of
from ledgerflux.bench.gateway.reading import Counter, Piece
from ledgerflux.errors import StackError

PIECE_BYTES = 256 * 1024
AT_ONCE = 64
"""Handshakes under way together."""
HANDSHAKE_S = 20.0
POLL_S = 0.05
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
STALLED_BYTES = 4096
"""What the kernel holds for a client that does not read."""


class Speech(NamedTuple):
    """How a client greets: what it asks for, says first, and hears once it is subscribed.

    `ready` empty: anything at all. `binary`: what it says first goes in binary messages.
    """

    path: str
    says: tuple[bytes, ...]
    ready: bytes
    binary: bool = False


class Client:
    """One socket; a client that is sampled keeps what it was sent."""

    __slots__ = ("counter", "heard", "inflater", "pieces", "sampled", "socket")

    def __init__(self, plain: socket.socket, *, sampled: bool) -> None:
        self.socket = plain
        self.sampled = sampled
        self.counter = Counter()
        self.heard: bytes | None = b""
        self.inflater: Inflater | None = None
        self.pieces: list[Piece] = []


class Sink:
    """Clients of one server; closes them at the end of the context.

    `total` counts the messages, `wire_bytes` what they came in, `bursts_s` are the times from the
    first to the last piece of each tick; all since `begin`. With `deflate` clients offer it.
    """

    def __init__(self, port: int, speech: Speech, *, deflate: bool = False) -> None:
        self.clients: dict[int, Client] = {}
        self.bursts_s: list[float] = []
        self.total = 0
        self.wire_bytes = 0
        self._shared = Shared()
        self._port = port
        self._speech = speech
        self._deflate = deflate
        self._sockets: list[socket.socket] = []
        self._poll = select.epoll()
        self._quiet_s = float("inf")
        self._first_s = self._last_s = 0.0
        self._keeping = False

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        for plain in self._sockets:
            plain.close()
        self._poll.close()

    # -- clients -----------------------------------------------------------------------

    def connect(self, count: int, *, sample_every: int) -> list[Client]:
        """Connect and subscribe `count` clients; return them once all are subscribed.

        Raises:
            StackError: The server refused, or did not answer in time.
        """
        made: list[Client] = []
        try:
            while len(made) < count:
                some = [self._dial() for _ in range(min(AT_ONCE, count - len(made)))]
                for plain in some:
                    made.append(self._greet(plain, sampled=len(made) % sample_every == 0))
        except OSError as error:
            raise StackError(f"client {len(made) + 1} of {count}: {error}") from error
        if not self.read_until(
            lambda: all(client.heard is None for client in made), time.monotonic() + HANDSHAKE_S
        ):
            raise StackError(f"not all of {count} clients were subscribed in {HANDSHAKE_S:.0f} s")
        deadline_s = time.monotonic() + HANDSHAKE_S
        while self._read() and time.monotonic() < deadline_s:
            pass  # the state at the beginning, until no more of it comes
        return made

    def _dial(self, buffer_bytes: int = 0) -> socket.socket:
        plain = socket.socket()
        self._sockets.append(plain)
        plain.settimeout(HANDSHAKE_S)
        if buffer_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        plain.connect(("127.0.0.1", self._port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.sendall(handshake(self._speech.path, self._port, deflate=self._deflate))
        return plain

    def _greet(self, plain: socket.socket, *, sampled: bool) -> Client:
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = plain.recv(PIECE_BYTES)
            if not data:
                raise StackError("the server hung up in the handshake")
            answer += data
        head, _, rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise StackError(f"the server refused: {head.splitlines()[0].decode()}")
        for message in self._speech.says:
            plain.sendall(masked(message, binary=self._speech.binary))
        plain.setblocking(False)
        client = Client(plain, sampled=sampled)
        client.inflater = inflater_of(head, self._shared)
        self.clients[plain.fileno()] = client
        if rest:
            self._take(client, rest)
        self._poll.register(plain, select.EPOLLIN)
        return client

    def connect_stalled(self) -> None:
        """Connect and subscribe a client of which nothing is read, with a small buffer.

        Raises:
            StackError: The server refused, or did not answer in time.
        """
        client = self._greet(self._dial(STALLED_BYTES), sampled=False)
        self._poll.unregister(client.socket)

    # -- reading -----------------------------------------------------------------------

    def begin(self, tick_s: float) -> None:
        """Count from here on; a pause of a quarter of `tick_s` ends a tick's burst."""
        self._quiet_s = tick_s / 4
        self._first_s = self._last_s = 0.0
        self.bursts_s.clear()
        self._keeping = True
        self.total = 0
        self.wire_bytes = 0
        for client in self.clients.values():
            client.counter.count = 0
            client.pieces.clear()

    def read_until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Read until `condition` holds (True) or the time has come (False)."""
        met = condition()
        while not met and time.monotonic() < deadline_s:
            self._read()
            met = condition()
        return met

    def _read(self) -> bool:
        """Take what is there, wait for it a little; say whether something was."""
        ready = self._poll.poll(POLL_S)
        if not ready:
            return False
        self._clock(time.monotonic())
        for number, _ in ready:
            client = self.clients[number]
            try:
                data = os.read(number, PIECE_BYTES)
            except (BlockingIOError, ConnectionResetError):
                continue
            if data:
                self._take(client, data)
            else:
                self._poll.unregister(number)
        return True

    @property
    def compressed(self) -> int:
        """Return how many clients are sent compressed messages."""
        return sum(client.inflater is not None for client in self.clients.values())

    def _take(self, client: Client, data: bytes) -> None:
        self.wire_bytes += len(data)
        if client.inflater is not None:
            data = client.inflater.take(data)
        self.total += client.counter.take(data)
        if client.heard is not None:
            client.heard += data
            if self._speech.ready in client.heard:
                client.heard = None
        elif client.sampled and self._keeping:
            client.pieces.append((time.time_ns(), data))

    def _clock(self, now_s: float) -> None:
        if now_s - self._last_s > self._quiet_s:
            if self._first_s:
                self.bursts_s.append(self._last_s - self._first_s)
            self._first_s = now_s
        self._last_s = now_s


def handshake(path: str, port: int, *, deflate: bool = False) -> bytes:
    """Return the request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        *([f"Sec-WebSocket-Extensions: {OFFER}"] if deflate else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def masked(message: bytes, *, binary: bool = False) -> bytes:
    """Return a client's frame of `message`, its mask zero (RFC 6455 section 5.3)."""
    first = 0x82 if binary else 0x81
    size = len(message)
    if size < 126:
        head = bytes((first, 0x80 | size))
    else:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    return head + bytes(4) + message
