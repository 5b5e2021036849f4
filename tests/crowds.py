"""Many readers of a gateway in one process, as light as a reader can be, and ones that never read.

A reader keeps every message as received. The same bytes are kept and parsed once for all of
them, so that ninety cost the machine little more than the gateway does.
"""

import asyncio
import contextlib
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
from fuzzing import PONG, TEXT, Fuzz, framed

from ledgerflux.model.units import parse_time_ns
from ledgerflux.wire.socket_frames import cut

HANDSHAKE = Fuzz(0).handshake(compressed=False)
STALLED_BUFFER_BYTES = 4096
PING_HEAD = 0x89
_FRAMES_MAX = 1_000_000
ROUNDED_NS, ROUNDED_US = 100_000, 100


class Said(msgspec.Struct, frozen=True, gc=False):
    """One message: where it stands in its stream, and when the gateway's log had it."""

    type: str
    channel: str = ""
    product_id: str = ""
    epoch: str = ""
    prev_seq: int | None = None
    seq: int = 0
    ts_publish: str | None = None
    streams: dict[str, dict] = {}
    raw: bytes = b""
    publish_ns: int = 0

    @property
    def stream(self) -> tuple[str, str]:
        return self.channel, self.product_id


_said = msgspec.json.Decoder(Said)


class Archive:
    """Every message that anybody got, once; `lateness_us`: how late each reader got it."""

    def __init__(self) -> None:
        self._said: dict[bytes, Said] = {}
        self.lateness_us = Counter[int]()

    def read(self, payload: bytes) -> Said:
        said = self._said.get(payload)
        if said is None:
            read = _said.decode(payload)
            at_ns = parse_time_ns(read.ts_publish) if read.ts_publish else 0
            said = msgspec.structs.replace(read, raw=payload, publish_ns=at_ns)
            self._said[payload] = said
        return said


def p99_ms(counts: Counter[int]) -> float:
    """Return the 99th percentile of microseconds that are counted."""
    left = counts.total() // 100
    for value, count in sorted(counts.items(), reverse=True):
        left -= count
        if left < 0:
            return value / 1000
    return 0.0


class Reader(asyncio.Protocol):
    """One client; `said` is everything it was told, by stream, `began` where each began."""

    def __init__(self, archive: Archive, requests: Iterable[bytes]) -> None:
        self.said: dict[tuple[str, str], list[Said]] = {}
        self.began: dict[tuple[str, str], int] = {}
        self.lost = False
        self._archive = archive
        self._requests = list(requests)
        self._rest = b""
        self._open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.write(HANDSHAKE)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        now_ns = time.time_ns()
        data = self._rest + data if self._rest else data
        if not self._open:
            head, end, data = data.partition(b"\r\n\r\n")
            assert end, head
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._open = True
            self._transport.write(b"".join(framed(TEXT, text) for text in self._requests))
        frames, at = cut(data, 0, _FRAMES_MAX)
        self._rest = data[at:]
        for payload, is_text in frames:
            if is_text:
                self._take(self._archive.read(payload), now_ns)
            elif payload[0] == PING_HEAD:
                self._transport.write(framed(PONG, payload[2:]))

    def _take(self, said: Said, now_ns: int) -> None:
        if said.type == "subscribed":
            for product, place in said.streams.items():
                self.began[said.channel, product] = place["seq"]
        elif said.type != "welcome":
            self.said.setdefault(said.stream, []).append(said)
            if said.prev_seq is not None:
                self._archive.lateness_us[
                    (now_ns - said.publish_ns) // ROUNDED_NS * ROUNDED_US
                ] += 1

    def at(self, stream: tuple[str, str]) -> int:
        """Return the seq that its messages of `stream` go up to."""
        said = self.said.get(stream)
        return said[-1].seq if said else 0

    def close(self) -> None:
        self._transport.abort()


def subscribe(channel: str) -> bytes:
    """Return a request for everything of `channel`."""
    params = {"channel": channel, "product_ids": ["*"]}
    if channel == "level2":
        params["depth"] = "full"
    return json.dumps({"method": "subscribe", "params": params}).encode()


@contextlib.asynccontextmanager
async def readers(
    port: int, number: int, archive: Archive, channels: Iterable[str]
) -> AsyncIterator[list[Reader]]:
    """Connect so many readers of `channels`, one after the other."""
    loop = asyncio.get_running_loop()
    requests = [subscribe(channel) for channel in channels]
    made: list[Reader] = []
    try:
        for _ in range(number):
            _, reader = await loop.create_connection(
                lambda: Reader(archive, requests), "127.0.0.1", port
            )
            made.append(reader)
        yield made
    finally:
        for reader in made:
            reader.close()


@contextlib.contextmanager
def stalled(port: int, number: int, channels: Iterable[str]) -> Iterator[None]:
    """Hold so many sockets that ask for `channels` and never read."""
    asked = b"".join(framed(TEXT, subscribe(channel)) for channel in channels)
    with contextlib.ExitStack() as held:
        for _ in range(number):
            sock = held.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_BUFFER_BYTES)
            sock.connect(("127.0.0.1", port))
            sock.sendall(HANDSHAKE + asked)
        yield
