"""A gateway's process under inputs drawn at random: it serves on, tells no error, stays small.

A hundred thousand inputs or a minute; `just long-fuzz` takes longer. LF_FUZZ_SEED draws the same
inputs again.
"""

import asyncio
import contextlib
import json
import os
import time
from collections import Counter, deque

import psutil
import pytest
from fuzzing import KINDS, TEXT, Fuzz, a_seed, framed
from processes import until

from ledgerflux.client import connect

SECONDS = float(os.environ.get("LF_LONG_FUZZ") or 60)
INPUTS_MAX = 100_000 if SECONDS <= 60 else 10_000_000
GROWTH_MAX_BYTES = 32 * 1024 * 1024
SENDERS = 6
HALF_OPEN_MAX = 30
SESSION_INPUTS_MAX = 40
SAMPLE_S = 0.25
LAST, LAST_ID = b'{"method":"ping","req_id":"last"}', b'"req_id":"last"'
LAST_S = 0.5
"""How long it is waited for: where a frame was cut, it is part of that one."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS * 2 + 120)]


class Attack:
    """Several senders at one port, for so long or so many inputs."""

    def __init__(self, port: int, seed: int) -> None:
        self.port = port
        self.fuzz = Fuzz(seed)
        self.counts: Counter[str] = Counter()
        self.until_s = time.monotonic() + SECONDS
        self._half_open: deque[asyncio.StreamWriter] = deque()

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until_s or self.counts["inputs"] >= INPUTS_MAX

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(SENDERS):
                group.create_task(self._sender())
        while self._half_open:
            self._leave_oldest()

    async def _sender(self) -> None:
        kinds = (self._session, self._session, self._session, self._http, self._half)
        while not self.over:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self.fuzz.random.choice(kinds)()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.counts["sockets"] += 1
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _http(self) -> None:
        reader, writer = await self._open()
        try:
            writer.write(self.fuzz.http())
            self.counts["inputs"] += 1
            with contextlib.suppress(TimeoutError):  # one that was cut waits for the rest
                async with asyncio.timeout(LAST_S):
                    self._hear(await reader.read(64))
        finally:
            writer.transport.abort()

    def _hear(self, answer: bytes) -> None:
        self.counts["answered"] += bool(answer)
        self.counts["failed"] += answer.startswith(b"HTTP/1.1 500 ")

    async def _half(self) -> None:
        """Begin a handshake and leave it; so many stay, the oldest goes."""
        _, writer = await self._open()
        self._half_open.append(writer)
        writer.write(self.fuzz.half_handshake())
        self.counts["inputs"] += 1
        if len(self._half_open) > HALF_OPEN_MAX:
            self._leave_oldest()

    def _leave_oldest(self) -> None:
        writer = self._half_open.popleft()
        writer.transport.abort()

    async def _session(self) -> None:
        compressed = self.fuzz.random.random() < 0.5
        reader, writer = await self._open()
        try:
            writer.write(self.fuzz.handshake(compressed=compressed))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 "), head
            self.counts["sessions"] += 1
            reading = asyncio.create_task(self._read(reader))
            await self._say(writer, reading, compressed=compressed)
            writer.transport.abort()
            await reading
        finally:
            writer.transport.abort()

    async def _say(
        self, writer: asyncio.StreamWriter, reading: asyncio.Task, *, compressed: bool
    ) -> None:
        fuzz, well_meant = self.fuzz, self.fuzz.random.random() < 0.3
        for _ in range(fuzz.random.randrange(1, SESSION_INPUTS_MAX)):
            if reading.done() or writer.is_closing():
                return
            frame = (
                framed(TEXT, fuzz.operation()) if well_meant else fuzz.frame(compressed=compressed)
            )
            writer.write(frame)
            self.counts["inputs"] += 1
            await writer.drain()
            await asyncio.sleep(0)
        if self.fuzz.random.random() < 0.8 and not writer.is_closing():
            writer.write(framed(TEXT, LAST))  # without it what was sent last may never be read
            await asyncio.wait([reading], timeout=LAST_S)
        if self.fuzz.random.random() < 0.5 and not writer.is_closing():
            writer.write_eof()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read until the last request is answered: what is said must not be what slows it."""
        before = b""
        with contextlib.suppress(OSError):
            while piece := await reader.read(1 << 16):
                self.counts["bytes"] += len(piece)
                self.counts["granted"] += piece.count(b'"success":true')
                self.counts["refused"] += piece.count(b'"success":false')
                if LAST_ID in before + piece:
                    return
                before = piece[-len(LAST_ID) :]


class Watcher:
    """The memory of a process while others work on it."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.before_bytes = self.bytes
        self.peak_bytes = self.before_bytes

    @property
    def bytes(self) -> int:
        return self.process.memory_info().rss

    async def run(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, self.bytes)
            await asyncio.sleep(SAMPLE_S)


async def follow(client, taken: Counter[str]) -> None:
    async for message in client:
        taken[message.type] += 1


async def attacked(url: str, port: int, pid: int, seed: int) -> tuple[Attack, Watcher]:
    """Attack while a strict client follows; it must go on getting its updates afterwards."""
    async with connect(url, strict=True) as client:
        await client.subscribe("level2", depth="full")
        await client.subscribe("trades")
        taken: Counter[str] = Counter()
        following = asyncio.create_task(follow(client, taken))
        await until(lambda: taken["update"] > 300 or following.done(), 30)
        watcher, attack = Watcher(pid), Attack(port, seed)
        watching = asyncio.create_task(watcher.run())
        try:
            await attack.run()
            before = taken["update"]
            await until(lambda: taken["update"] > before + 300 or following.done(), 30)
            assert not following.done(), following.exception()
            assert client.violations_total == 0
            assert all(mirror.live for mirror in client.books.values())
        finally:
            for task in (watching, following):
                task.cancel()
            await asyncio.wait([watching, following])
    return attack, watcher


def complaints(stack):
    """Return the gateway's lines that tell of an error, or that are none."""
    lines = (stack.data_dir / "logs" / "gateway.log").read_text().splitlines()
    return [line for line in lines if not line.startswith("{") or level(line) == "error"]


def level(line):
    return json.loads(line)["level"]


def test_whatever_is_sent_a_gateway_serves_on_tells_no_error_and_stays_small(stack):
    seed = a_seed()
    print(f"LF_FUZZ_SEED={seed}")
    up = stack.start("--source", "synthetic:200")
    stack.wait("first-update")
    http, pid = up["gateway"]["http"], stack.pid("gateway")
    attack, watcher = asyncio.run(attacked(http, int(http.rpartition(":")[2]), pid, seed))
    grown = (watcher.peak_bytes - watcher.before_bytes) / 2**20
    print(dict(attack.counts), f"memory at most {grown:.1f} MiB more")
    print(dict(attack.fuzz.kinds))
    assert complaints(stack) == []
    assert stack.pid("gateway") == pid
    assert watcher.peak_bytes - watcher.before_bytes < GROWTH_MAX_BYTES
    assert attack.counts["sessions"] > 100
    assert attack.counts["inputs"] > 3_000
    assert attack.counts["failed"] == 0
    assert min(attack.counts[name] for name in ("answered", "granted", "refused")) > 0
    assert attack.fuzz.kinds.keys() == set(KINDS)
    until_left(stack)


def until_left(stack):
    """Wait until nobody is counted who has gone."""
    asyncio.run(until(lambda: (stack.told() or {}).get("clients") == 0, 30))
