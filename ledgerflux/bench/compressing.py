"""What compressed messages cost and save: `python -m ledgerflux.bench.compressing`.

The listener of the gateway writes batches of level2 updates to clients in another process: plain,
compressed once for all, and, for comparison, compressed for each client by the `websockets`
library as it does by default. CPU time of the writing process alone; the messages are made before.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import NamedTuple

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.errors import FeedError
from ledgerflux.model.events import Change
from ledgerflux.model.stream import Level2Update, Made
from ledgerflux.model.units import rfc3339
from ledgerflux.ports import Batch, ClientConnection
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_packing import pack
from ledgerflux.wire.norm import batches

SINK = (sys.executable, "-m", "ledgerflux.bench.compressing_sink")
OFFER = "permessage-deflate; client_max_window_bits"
"""As browsers say it."""
TICK_S = 0.02
CLOSE_TIMEOUT_S = 1.0
START_NS = 1_700_000_000_000_000_000


class Load(NamedTuple):
    """How much is written: `rounds` in turn, of which the cheapest counts."""

    clients: int = 200
    batches: int = 100
    messages: int = 10
    rounds: int = 3


class Cost(NamedTuple):
    """Of one message delivered to one client: CPU microseconds, and bytes on the wire."""

    cpu_us: float
    wire_bytes: float


def made_batches(load: Load) -> list[list[bytes]]:
    """Return batches of updates of one or two levels, of the default products in turn."""
    draw = random.Random(1)  # noqa: S311 - prices are no secret
    streams = [
        ProductStream("coinbase-advanced", product, integrity="sequence", integrity_rule="")
        for product in DEFAULT_PRODUCTS
    ]
    made = [
        _update(streams[number % len(streams)], 1 + number // len(streams), draw)
        for number in range(load.batches * load.messages)
    ]
    return [made[at : at + load.messages] for at in range(0, len(made), load.messages)]


def _update(stream: ProductStream, seq: int, draw: random.Random) -> bytes:
    time_ns = START_NS + draw.randrange(10**9)
    changes: list[Change] = [
        (
            draw.choice(("buy", "sell")),
            f"{draw.uniform(61_000, 61_500):.2f}",
            f"{draw.random():.8f}",
        )
        for _ in range(draw.randrange(1, 3))
    ]
    event = Level2Update(seq, rfc3339(time_ns), rfc3339(time_ns + 900_000), changes)
    (batch,) = batches([Made(stream.product, "level2", "update", "run1", event)])
    stream.publish_ns = time_ns + 2_000_000
    return gateway_frames.data(stream, batch, draw.randrange(2**32))


class Server(NamedTuple):
    """One that is up: what writes a batch to everybody, and what is released for each who came."""

    port: int
    write: Callable[[Batch], None]
    arrived: asyncio.Semaphore


@asynccontextmanager
async def listener() -> AsyncIterator[Server]:
    """Yield the gateway's own: clients that offer compression share it."""
    clients: list[ClientConnection] = []
    arrived = asyncio.Semaphore(0)

    async def keep(client: ClientConnection) -> None:
        clients.append(client)
        arrived.release()
        with suppress(FeedError):
            await client.receive()

    def write(batch: Batch) -> None:
        for client in clients:
            if not client.write_now(batch):
                raise FeedError("a client of the measurement does not read fast enough")

    serving = WsListener().serve("127.0.0.1", 0, {}, keep, websocket_paths=("/v1/ws",), pack=pack)
    async with serving as port:
        yield Server(port, write, arrived)


@asynccontextmanager
async def library() -> AsyncIterator[Server]:
    """Yield the library's: a compressor for each client, a frame for each message."""
    clients: set[ServerConnection] = set()
    arrived = asyncio.Semaphore(0)

    async def keep(connection: ServerConnection) -> None:
        clients.add(connection)
        arrived.release()
        await connection.wait_closed()

    def write(batch: Batch) -> None:
        for message in batch.messages:
            broadcast(clients, message.decode())

    async with serve(keep, "127.0.0.1", 0, close_timeout=CLOSE_TIMEOUT_S) as server:
        port = int(next(iter(server.sockets)).getsockname()[1])
        yield Server(port, write, arrived)


WAYS = {
    "plain": (listener, ""),
    "compressed once for all": (listener, OFFER),
    "compressed for each": (library, OFFER),
}


async def measure(way: str, load: Load, made: Sequence[Sequence[bytes]]) -> Cost:
    """Return what it costs to write the batches `made` in one of `WAYS`.

    Raises:
        FeedError: The clients do not read fast enough.
    """
    serving, offer = WAYS[way]
    async with serving() as server:
        sink = await asyncio.create_subprocess_exec(
            *SINK, str(server.port), str(load.clients), offer, stdout=asyncio.subprocess.PIPE
        )
        assert sink.stdout is not None
        for _ in range(load.clients):
            await server.arrived.acquire()
        await sink.stdout.readline()
        cpu_s = await _write(server, made)
    received_bytes = int(await sink.stdout.readline())
    await sink.wait()
    delivered = load.clients * sum(map(len, made))
    return Cost(cpu_s * 1e6 / delivered, received_bytes / delivered)


async def _write(server: Server, made: Sequence[Sequence[bytes]]) -> float:
    """Return the CPU seconds of this process that it took."""
    before_s = time.process_time()
    for messages in made:
        server.write(Batch(messages))
        await asyncio.sleep(TICK_S)
    return time.process_time() - before_s


async def compare(load: Load) -> dict[str, Cost]:
    """Return the cost of each way, the cheapest of its rounds."""
    made = made_batches(load)
    rounds = [{way: await measure(way, load, made) for way in WAYS} for _ in range(load.rounds)]
    return {way: min(costs[way] for costs in rounds) for way in WAYS}


def lines(load: Load, costs: Mapping[str, Cost]) -> list[str]:
    """Return what is printed."""
    text_bytes = sum(map(len, chain(*made_batches(load)))) / (load.batches * load.messages)
    head = f"{load.clients} clients, {load.messages} messages of {text_bytes:.0f} bytes a batch"
    return [
        f"{head:<44}{'us a message':>14}{'bytes on the wire':>19}",
        *(f"{way:<44}{cost.cpu_us:>14.2f}{cost.wire_bytes:>19.1f}" for way, cost in costs.items()),
    ]


def main() -> None:
    """Measure and print."""
    load = Load()
    for line in lines(load, uvloop.run(compare(load))):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
