"""An exchange over memory: what outlives it, small recordings for it, and what clients saw."""

import asyncio
from contextlib import asynccontextmanager

from ledgerflux.adapters.market_plans import market_plan
from ledgerflux.adapters.state_file import StateFile
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.model.recording import RecordedLine
from ledgerflux.roles.exchange import Exchange
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener
from ledgerflux.venues.registry import venue
from ledgerflux.venues.servers import server
from ledgerflux.wire.recording import encode_line

NAME = "coinbase-advanced"
VENUE = venue(NAME)
SPEAK = server(NAME)
S = 1_000_000_000


class JumpingClock(SystemClock):
    """The machine's clock, that tests can put forward."""

    ahead_ns = 0

    def monotonic_ns(self):
        return super().monotonic_ns() + self.ahead_ns


def numbered(frame, number):
    return frame.replace(b'"sequence_num":0', b'"sequence_num":%d' % number)


def recording_of(path, updates, gap_ns=0):
    """Write a recording of a snapshot and `updates` changes of one level."""
    frames = [SPEAK.snapshot("BTC-USD", [("9", "1")], [("11", "1")], S)]
    frames += [SPEAK.level2("BTC-USD", [("buy", "9", str(n))], S) for n in range(1, updates + 1)]
    lines = [
        RecordedLine(index * gap_ns, "c-1", None, numbered(frame, index))
        for index, frame in enumerate(frames)
    ]
    path.write_bytes(b"".join(map(encode_line, lines)))
    return f"replay:{path}"


class World:
    """What outlives an exchange: its state file, and the bus it talks to."""

    def __init__(self, path, source, products=None):
        self.plan = market_plan(source, products)
        self.path = path
        self.bus = MemoryBus()
        self.clock = JumpingClock()
        self.listener = MemoryListener()
        self.ledger = None
        self.position = 0

    @asynccontextmanager
    async def exchange(self, **options):
        """Yield a role that serves; it is cancelled at the end."""
        self.ledger = StateFile(self.path, self.plan.identity)
        role = Exchange(self.bus, self.clock, self.listener, self.plan, self.ledger, **options)
        task = asyncio.create_task(role.run())
        try:
            await until(lambda: task.done() or role.vitals().state == "ready")
            if task.done():
                await task
            yield role
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.position = self.ledger.position
            self.ledger.close()

    async def subscriber(self, channels=("level2",), products=("BTC-USD",), **options):
        client = self.listener.connect("/", **options)
        for frame in VENUE.subscribe(products, channels):
            await client.ask(frame)
        return client


async def until(condition, timeout_s=10.0):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.002)


async def turns(count):
    """Let everything that can go on without time or readers do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def frames_of(client, count):
    return [await client.next() for _ in range(count)]


async def all_frames(client, role):
    """Return what is there until the market has ended."""
    frames = []
    while True:
        try:
            frames.append(await client.next(timeout_s=0.05))
        except TimeoutError:
            if role.vitals().counts["ended"]:
                return frames


def sizes_of(frames):
    """Return the size at price 9 after each frame that sets it."""
    sizes = []
    for frame in frames:
        for event in VENUE.parse(frame).events:
            if isinstance(event, BookSnapshot):
                sizes.append(("snapshot", event.bids[0][1]))
            elif isinstance(event, BookUpdate):
                sizes.append(("update", event.changes[0][2]))
    return sizes
