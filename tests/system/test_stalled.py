"""A hundred clients of which ten never read: the others get everything, and memory stays bounded.

By turns with and without the ten. How late the ninety are told is measured and printed; no time
is asserted: `lf bench gateway` holds the ratio to its bound.
"""

import asyncio
import contextlib
import statistics
import urllib.request
from collections import Counter, defaultdict

import psutil
import pytest
from crowds import Archive, p99_ms, readers, stalled
from processes import until

from ledgerflux.client import Reconnected, connect
from ledgerflux.core.limits import Limits

READERS, STALLED = 90, 10
TURNS = 2
CHANNELS = ("level2", "trades")
SOURCE = "synthetic:200"
TURN_MESSAGES = 700
MIB = 1024 * 1024
GROWTH_MAX_BYTES = MIB
LIMITS = Limits()
QUEUED_MAX_BYTES = LIMITS.outbox_bytes + 2 * LIMITS.outbox_drained_bytes
"""The mark, the message that passes it with the notice, and what the full socket did not take."""
SAMPLE_S = 0.2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Watcher:
    """What a gateway holds: most memory and most bytes queued since the last look."""

    def __init__(self, url: str, pid: int) -> None:
        self.counts: Counter[str] = Counter()
        self._url = url
        self._process = psutil.Process(pid)
        self.forget()

    def forget(self) -> None:
        self.peak_bytes = self.queued_bytes = 0

    async def run(self) -> None:
        while True:
            self.counts = Counter(await asyncio.to_thread(counted, self._url))
            self.queued_bytes = max(self.queued_bytes, self.counts["queued_bytes"])
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)
            await asyncio.sleep(SAMPLE_S)


def counted(url):
    """Return the gateway's counts by their short names."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    rows = (line.split() for line in lines if line.startswith("ledgerflux_gateway_"))
    found: Counter[str] = Counter()
    for name, value in rows:
        short = name.partition("{")[0].removeprefix("ledgerflux_gateway_").removesuffix("_total")
        found[short] += int(float(value))
    return found


async def follow(client, reference):
    """Keep what a client outside of the crowd is told, each message under its place.

    Where the machine stands still for too long it comes back: from then on, by `None`, a
    message may be missing that was replaced by a book.
    """
    async for message in client:
        if isinstance(message, Reconnected):
            for kept in reference.values():
                kept[None] = b""
        elif message.product_id and message.type != "snapshot":
            reference[message.channel, message.product_id][message.seq] = message.raw


async def turns(url, pid):
    """Load the gateway by turns; return readers, reference and what was measured."""
    port, archive, watcher = int(url.rpartition(":")[2]), Archive(), Watcher(url, pid)
    reference = defaultdict(dict)
    measured = {"quiet": [], "stalled": []}
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(connect(url, strict=True))
        for channel in CHANNELS:
            await client.subscribe(channel)
        tasks = [asyncio.create_task(follow(client, reference)), asyncio.create_task(watcher.run())]
        stack.callback(lambda: [task.cancel() for task in tasks])
        crowd = await stack.enter_async_context(readers(port, READERS, archive, CHANNELS))

        def told():
            return sum(map(len, reference.values()))

        async def enough(others=lambda: True):
            until_told = told() + TURN_MESSAGES
            await until(lambda: (told() > until_told and others()) or any_done(tasks), 120)
            for task in tasks:
                assert not task.done(), task.exception()

        await enough()
        for _ in range(TURNS):
            for kind in measured:
                watcher.forget()
                archive.lateness_us.clear()
                if kind == "stalled":
                    with stalled(port, STALLED, CHANNELS):
                        await enough(lambda: watcher.counts["clients"] == READERS + 1 + STALLED)
                        await enough(lambda: watcher.counts["clients"] == READERS + 1)
                else:
                    await enough()
                late_ms = p99_ms(archive.lateness_us)
                measured[kind].append((late_ms, watcher.peak_bytes, watcher.queued_bytes))
        heads = {stream: newest(kept) for stream, kept in reference.items()}
        await until(
            lambda: all(r.at(stream) >= seq for r in crowd for stream, seq in heads.items()), 60
        )
        await until(lambda: all(newest(reference[s]) >= r.at(s) for r in crowd for s in heads), 60)
        assert client.violations_total == 0
    return crowd, reference, measured


def newest(kept):
    return max(filter(None, kept))


def any_done(tasks):
    return any(task.done() for task in tasks)


def judge(reader, reference):
    """Hold a reader's streams to the reference: unbroken, byte for byte, nothing else told."""
    assert reader.said.keys() == reader.began.keys() == reference.keys(), "notices, or streams lost"
    delivered = 0
    for stream, said in reader.said.items():
        at = reader.began[stream]
        if stream[0] == "level2":
            first, *said = said
            assert (first.type, first.seq >= at) == ("snapshot", True), first.raw[:300]
            at = first.seq
        for message in said:
            assert message.prev_seq == at, (stream, at, message.raw[:300])
            kept = reference[stream]
            assert message.raw == kept.get(message.seq, message.raw if None in kept else None)
            at = message.seq
        delivered += len(said)
    return delivered


def test_ten_of_a_hundred_that_never_read_cost_nobody_a_message(stack):
    up = stack.start("--source", SOURCE)
    stack.wait("first-update")
    crowd, reference, measured = asyncio.run(turns(up["gateway"]["http"], stack.pid("gateway")))
    delivered = [judge(reader, reference) for reader in crowd]
    assert len(delivered) == READERS
    pairs = list(zip(measured["quiet"], measured["stalled"], strict=True))
    late_ms = [[round(turn[0], 1) for turn in pair] for pair in pairs]
    ratio = statistics.median(with_ for _, with_ in late_ms) / statistics.median(
        without for without, _ in late_ms
    )
    grown = [(with_[1] - without[1]) / STALLED for without, with_ in pairs]
    queued = [with_[2] / STALLED for _, with_ in pairs]
    print(f"{sum(delivered):,} deliveries to {READERS}; of p99 without the stalled: {ratio:.2f}")
    print(f"p99 without and with, ms: {late_ms}")
    print(f"memory of one that never reads, KiB: {[round(one / 1024) for one in grown]}")
    print(f"queued for it at most, KiB: {[round(one / 1024) for one in queued]}")
    print(f"peaks, MiB: {[[round(turn[1] / MIB, 1) for turn in pair] for pair in pairs]}")
    assert max(grown) < GROWTH_MAX_BYTES
    assert LIMITS.outbox_drained_bytes < max(queued) <= QUEUED_MAX_BYTES
