"""`python -m ledgerflux.bench.gateway.ours CHANGES CLIENTS [GATEWAYS]`: ours, told as others are.

Starts a NATS and one gateway or more, and writes to the log what a normalizer would, a record
a tick.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.sockets import free_port
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.bench.gateway.messages import (
    EPOCH,
    FIRST_SEQ,
    PARTITION,
    PRODUCTS,
    VENUE,
    snapshots,
    updates,
)
from ledgerflux.bench.gateway.server import HOST, Order
from ledgerflux.bench.peer_scripts.ticking import say
from ledgerflux.core.attendance import ROLES
from ledgerflux.errors import StackError
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.runtime import write_feed
from ledgerflux.wire.health import HEALTH_BUCKET, FeedConf, Health, PartitionHealth
from ledgerflux.wire.norm import Batch, pack
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import NORM, norm_subject

BEAT_S = 1.0
READY_S = 30.0
POLL_S = 0.05


class Feed:
    """Writes the records of one partition, and the health of those who would."""

    def __init__(self, bus: NatsBus, changes: int) -> None:
        self._bus = bus
        self._changes = changes
        self._clock = SystemClock()
        self._seqs = [FIRST_SEQ] * len(PRODUCTS)
        subject = norm_subject(PARTITION, VENUE)
        self._writer = PartitionWriter(bus, self._clock, NORM, subject, writer="bench")

    async def open(self) -> None:
        """Write the books."""
        conf = FeedConf(VENUE, "ws://none", "bench", EPOCH, list(PRODUCTS), ["level2"])
        await write_feed(self._bus, conf)
        await self._writer.open()
        await self._write(snapshots(self._clock.now_ns()))

    async def tick(self, count: int) -> None:
        """Write an update of each of the first `count` products, in one record."""
        self._seqs[:count] = [seq + 1 for seq in self._seqs[:count]]
        await self._write(updates(self._seqs[:count], self._changes, self._clock.now_ns()))

    async def _write(self, made: list[Batch]) -> None:
        number = self._writer.tail.number
        await self._writer.append(draft(Kind.EVENTS, len(made), pack(made), a=number, b=number + 1))

    async def beat(self) -> None:
        """Say once a second that all are at work, until cancelled."""
        while True:
            now_ns = self._clock.now_ns()
            for role in ROLES:
                partitions = [PartitionHealth(PARTITION, list(PRODUCTS))]
                health = Health(role, "0", 1, "ready", now_ns, now_ns, partitions=partitions)
                await self._bus.put(HEALTH_BUCKET, health.key, msgspec.json.encode(health))
            await self._clock.sleep(BEAT_S)

    async def obey(self) -> None:
        """Do what standard input says until it ends; see `peer_scripts.ticking`."""
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            count, tick_ms, ticks = map(int, line.split())
            begin = loop.time()
            for number in range(ticks):
                await asyncio.sleep(max(0.0, begin + number * tick_ms / 1000 - loop.time()))
                await self.tick(count)
            say("done")


@asynccontextmanager
async def _nats(folder: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(folder / "nats", folder / "nats.log")
    child = await server.launch()
    try:
        await server.wait_ready(child)
        yield server
    finally:
        await child.stop()


@asynccontextmanager
async def _gateway(server: NatsServer, clients_max: int) -> AsyncIterator[tuple[int, int]]:
    """Hold a gateway of `server` up; yield its port and process."""
    access, port = server.access, free_port(HOST)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ledgerflux.bench.gateway.server"), stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    order = Order(access.url, access.user, access.password, port, clients_max)
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    try:
        async with asyncio.timeout(READY_S):
            while not await asyncio.to_thread(_ready, port):
                if process.returncode is not None:
                    raise StackError(f"the gateway ended: {process.returncode}")
                await asyncio.sleep(POLL_S)
        yield port, process.pid
    finally:
        process.stdin.close()
        await process.wait()


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/ready") as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


async def main(changes: int, clients_max: int, gateways: int = 1) -> None:
    """Serve until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="lf-bench-") as folder:
        async with _nats(Path(folder)) as server:
            access = server.access
            async with NatsBus.open(access.url, user=access.user, password=access.password) as bus:
                await prepare(bus)
                feed = Feed(bus, changes)
                await feed.open()
                beating = asyncio.create_task(feed.beat())
                async with AsyncExitStack() as held:
                    up = [
                        await held.enter_async_context(_gateway(server, clients_max))
                        for _ in range(gateways)
                    ]
                    port, pid = up[0]
                    say(json.dumps({"port": port, "pid": pid, "spares": up[1:]}))
                    await feed.obey()
                beating.cancel()
    os._exit(0)  # a thread may still read standard input


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
