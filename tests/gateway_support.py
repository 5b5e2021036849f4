"""A gateway over an in-memory bus, a NORM log that feeds it, and clients of it."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count

from streams import Numbered, partition_saved

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import FeedError
from ledgerflux.roles import checkpoints
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener
from ledgerflux.wire.gateway_messages import check
from ledgerflux.wire.gateway_reading import Follower, Message, read_message
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.norm import pack
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import NORM, norm_subject

VENUE = "coinbase-exchange"


def conf(*products: str, run: str = "run1", venue: str = VENUE) -> FeedConf:
    return FeedConf(venue, "ws://x", "synthetic:1", run, list(products or ("BTC-USD",)), ["level2"])


async def until(condition, timeout_s: float = 5.0):
    """Return the first true value of `condition`, polled."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):
            await asyncio.sleep(0.005)
        return value


class NormLog:
    """A normalizer's log of one product: `write` appends what the source has made."""

    def __init__(self, bus, product: str = "BTC-USD", venue: str = VENUE) -> None:
        self.bus = bus
        self.source = Numbered(product)
        self.partition = partition_of(product)
        self.venue = venue
        self.writer = PartitionWriter(
            bus, SystemClock(), NORM, norm_subject(self.partition, venue), writer="test"
        )

    async def open(self) -> "NormLog":
        await self.writer.open()
        return self

    @property
    def number(self) -> int:
        return self.writer.tail.number

    async def write(self, *sources: Numbered) -> None:
        batches = [batch for source in (self.source, *sources) for batch in source.take()]
        items = sum(batch.items for batch in batches)
        await self.writer.append(draft(Kind.EVENTS, items, pack(batches), a=1, b=2))

    async def save(self) -> None:
        tail = self.writer.tail
        saved = partition_saved(
            self.source.saved(),
            norm=(tail.number, tail.crc, tail.sequence),
            partition=self.partition,
        )
        await checkpoints.save(self.bus, saved)


class RoleClient:
    """A client of the role in memory; every message is held against its description."""

    def __init__(self, memory) -> None:
        self.memory = memory
        self.follower = Follower()
        self.messages: list[Message] = []
        self._ids = count(1)

    async def next(self) -> Message:
        raw = await self.memory.next()
        check(raw)
        message = read_message(raw)
        self.messages.append(message)
        judged = self.follower.take(message)
        assert judged is None or judged.verdict is not Verdict.BROKEN, judged.mirror.why
        return message

    async def next_of(self, kind: str) -> Message:
        while True:
            message = await self.next()
            if message.type == kind:
                return message

    async def ask(self, method: str, **params) -> Message:
        """Send a request and return its answer; messages before it are taken."""
        request = next(self._ids)
        await self.memory.ask(json.dumps({"method": method, "params": params, "req_id": request}))
        while True:
            message = await self.next()
            if message.req_id == request:
                return message

    async def subscribe(self, channel: str, *products: str, **more) -> Message:
        if channel == "level2":
            more.setdefault("depth", "full")
        answer = await self.ask(
            "subscribe", channel=channel, product_ids=list(products or ["BTC-USD"]), **more
        )
        assert answer.type == "subscribed", answer
        return answer

    async def closed(self) -> tuple[int, str]:
        while True:
            try:
                await self.next()
            except FeedError:
                return self.memory.closed


class Stack:
    """Bus, listener and gateway."""

    def __init__(self, limits: Limits, **options) -> None:
        self.bus = MemoryBus()
        self.listener = MemoryListener()
        identities = count(1)
        self.gateway = Gateway(
            self.bus.connect(),
            SystemClock(),
            self.listener,
            host="127.0.0.1",
            port=0,
            new_identity=lambda: f"c{next(identities)}",
            limits=limits,
            **options,
        )

    async def ready(self) -> None:
        await until(lambda: self.gateway.vitals().state == "ready")

    async def client(
        self,
        path: str = "/v1/ws",
        *,
        window_bytes: int | None = None,
        address: str = "127.0.0.1",
    ) -> RoleClient:
        memory = self.listener.connect(path, window_bytes=window_bytes, address=address)
        client = RoleClient(memory)
        await client.next_of("welcome")
        return client

    def get(self, path: str) -> dict:
        response = self.listener.get(path)
        assert response.status == 200
        return json.loads(response.body)

    def served(self, log: NormLog) -> bool:
        return any(
            item.partition == log.partition and item.norm == log.number
            for item in self.gateway.vitals().partitions
        )


async def fed(*, levels: int = 0) -> tuple[MemoryBus, NormLog]:
    """Return a bus and a log with a book of `levels` a side."""
    bus = MemoryBus()
    await write_feed(bus, conf())
    log = await NormLog(bus).open()
    if levels:
        bids = [(f"{price}.5", "1.25") for price in range(1, levels + 1)]
        asks = [(f"{price}.5", "1.25") for price in range(levels + 1, 2 * levels + 1)]
        log.source.snapshot(bids, asks)
    else:
        log.source.snapshot()
    await log.write()
    return bus, log


async def served_log(stack: Stack) -> NormLog:
    """Return a log whose snapshot is served."""
    log = await NormLog(stack.bus).open()
    log.source.snapshot()
    await log.write()
    await until(lambda: stack.served(log))
    return log


async def followed(stack: Stack) -> tuple[NormLog, RoleClient]:
    """Return a log whose snapshot is served, and a client that follows its book."""
    log = await served_log(stack)
    client = await stack.client()
    await client.subscribe("level2")
    return log, client


async def read_until(client, condition) -> None:
    """Read messages of a client of the library until `condition` holds."""
    async with asyncio.timeout(20):
        while not condition():
            await anext(client)


@asynccontextmanager
async def running(limits: Limits | None = None, feed: FeedConf | None = None, **options):
    """Run a gateway on an empty log with a feed conf."""
    stack = Stack(limits or Limits(), **options)
    await write_feed(stack.bus, feed or conf())
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: task.done() or stack.gateway.port)
        yield stack
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()


@asynccontextmanager
async def on_sockets(bus, port=0, limits=None, tls=None, **options):
    """Run a gateway on real sockets; yield it once it is ready."""
    identities = count(1)
    gateway = Gateway(
        bus.connect(),
        SystemClock(),
        WsListener(tls=tls),
        host="127.0.0.1",
        port=port,
        new_identity=lambda: f"c{next(identities)}",
        limits=limits or Limits(),
        **{"random": lambda: 0.0, **options},
    )
    task = asyncio.create_task(gateway.run())
    try:
        await until(lambda: task.done() or gateway.vitals().state == "ready")
        yield gateway
    finally:
        task.cancel()
        await asyncio.wait([task])
