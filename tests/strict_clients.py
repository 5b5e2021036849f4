"""Strict clients behind lines that fail: `python tests/strict_clients.py URL SEED SETS EVERY_S`.

They follow every book, whole and in part, plain and compressed, and the trades. Each message is
held to its epoch, `prev_seq` and checksum by `ledgerflux.client`, which raises at the first that
does not fit, and its place once more by plain comparison, so that nothing comes twice either.

Lines on stdin: `faults` begins them; an empty one is answered with the counts; `end` ends the
faults, and is answered, once each client stands where the gateway does, with its books by hash.
"""

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from random import Random
from typing import NamedTuple

from ledgerflux.client import connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.streams import Reconnected
from ledgerflux.core.book import book_hash
from ledgerflux.errors import IntegrityError
from ledgerflux.testing.fault_proxy import FaultProxy
from ledgerflux.wire.gateway_reading import Message

ARRIVED_S = 120
GIVE_UP_S = 600.0


class Terms(NamedTuple):
    """How a client follows the books."""

    depth: int | str
    conflate: str
    compression: bool


VARIANTS = (
    Terms("full", "none", compression=False),
    Terms("full", "none", compression=True),
    Terms(10, "none", compression=False),
    Terms(50, "none", compression=True),
    Terms("full", "100ms", compression=False),
    Terms(25, "latest", compression=True),
)


class Places:
    """Where each stream of one client stands, by what it was told, and what came out of place."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self.wrong: list[str] = []
        self.at: dict[tuple[str, str], tuple[str, int]] = {}
        self.resumed: dict[tuple[str, str], str] = {}

    def begin(self, message: Message) -> None:
        """Streams are subscribed: anew, or going on where another connection ended."""
        told_at = json.loads(message.raw)["time_out"]
        for product, told in message.streams.items():
            key, way = (message.channel, product), message.via.get(product)
            place = (told.epoch, told.seq)
            if way == "replay":
                self.counts["resumes"] += 1
                self.resumed[key] = told_at
                if self.at.get(key) != place:
                    self._say(message, f"{product} goes on at {place}, not {self.at.get(key)}")
            self.counts["books_again"] += way == "snapshot"
            self.at[key] = place

    def take(self, message: Message) -> None:
        """Hold a message to the one before it in its stream."""
        key, counts = (message.channel, message.product_id), self.counts
        at = self.at[key]
        if message.type == "gap":
            counts["gaps"] += 1
            fits = message.epoch != at[0] or message.from_seq == at[1] + 1
            self.at[key] = (message.epoch, message.to_seq)
        else:
            counts["deliveries"] += 1
            fits = message.type == "snapshot" or at == (message.epoch, message.prev_seq)
            self.at[key] = (message.epoch, message.seq)
            if message.channel == "level2":
                counts["checksums"] += 1
                fits = fits and message.checksum is not None
        if not fits:
            self._say(message, f"after {at}")
        if key in self.resumed:
            self._count_replayed(key, message)

    def _count_replayed(self, key: tuple[str, str], message: Message) -> None:
        """Count what was published before its client was back."""
        if (message.ts_publish or "9") < self.resumed[key]:
            self.counts["replayed"] += 1
        else:
            del self.resumed[key]

    def _say(self, message: Message, why: str) -> None:
        self.wrong.append(f"{why}: {message.raw[:300]!r}")


class Strict:
    """One client; what it was told is counted in `counts`."""

    def __init__(self, url: str, terms: Terms, counts: Counter[str]) -> None:
        self.terms = terms
        self.counts = counts
        self.places = Places(counts)
        self.client = connect(
            url, strict=True, give_up_after_s=GIVE_UP_S, compression=terms.compression
        )

    @property
    def wrong(self) -> list[str]:
        """Return what it was told and should not have been."""
        return self.places.wrong

    async def run(self) -> None:
        """Follow until cancelled, or until a message can't be what the book's stream says."""
        try:
            async with self.client as client:
                await client.subscribe(
                    "level2", depth=self.terms.depth, conflate=self.terms.conflate
                )
                await client.subscribe("trades")
                async for message in client:
                    self._take(message)
        except IntegrityError as error:
            self.wrong.append(str(error))

    def _take(self, message: Message | Reconnected) -> None:
        if isinstance(message, Reconnected):
            self.counts["reconnects"] += 1
        elif message.type == "subscribed":
            self.places.begin(message)
        elif message.channel in ("level2", "trades"):
            self.places.take(message)

    def arrived(self, heads: dict) -> bool:
        """Say whether each book is live and stands where the gateway does, as the trades do."""
        books, at = self.client.books, self.places.at
        return books.keys() == heads.keys() and all(
            books[product].live
            and at.get(("level2", product)) == (head["epoch"], head["level2"])
            and at.get(("trades", product)) == (head["epoch"], head["trades"])
            for product, head in heads.items()
        )

    def hashes(self, depth: int | str = "full") -> dict[str, str]:
        """Return the hash of the best `depth` levels of each live book."""
        levels = depth if isinstance(depth, int) else None
        live = {name: mirror for name, mirror in self.client.books.items() if mirror.live}
        return {
            name: book_hash(mirror.book.bids()[:levels], mirror.book.asks()[:levels])
            for name, mirror in live.items()
        }


def said(clients: list[Strict]) -> list[str]:
    """Return everything that was wrong."""
    return [f"{client.terms}: {wrong}" for client in clients for wrong in client.wrong]


async def arrived(clients: list[Strict], heads: dict) -> None:
    """Wait until all stand at the heads, by their place or, where less is told, by their books.

    Raises:
        TimeoutError: Who does not is named.
    """
    whole = [client for client in clients if client.terms[:2] == ("full", "none")]
    part = [client for client in clients if client not in whole]
    try:
        async with asyncio.timeout(ARRIVED_S):
            while not all(client.arrived(heads) for client in whole) and not said(clients):
                await asyncio.sleep(0.05)
            wanted = {c.terms.depth: whole[0].hashes(c.terms.depth) for c in part}
            for client in part:
                while client.hashes() != wanted[client.terms.depth] and not said(clients):
                    await asyncio.sleep(0.2)
    except TimeoutError as error:
        late = [client.terms for client in whole if not client.arrived(heads)]
        raise TimeoutError(
            f"not at the end: {late or [client.terms for client in part]}"
        ) from error


async def trouble(
    proxy: FaultProxy, random: Random, counts: Counter[str], every_s: float, begun: asyncio.Event
) -> None:
    """Let the lines fail, each time in another way, at random moments, `every_s` on average."""
    await begun.wait()
    while True:
        await asyncio.sleep(random.uniform(0, 2 * every_s))
        kind = random.choice(("reset", "cut", "delay", "stall", "throttle", "split"))
        counts[kind] += 1
        match kind:
            case "reset" | "cut":
                proxy.cut(reset=kind == "reset")
            case "delay":
                proxy.delay(random.uniform(0.001, 0.05))
            case "stall":
                proxy.stall(random.choice(("up", "down", "both")))
            case "throttle":
                proxy.throttle(200_000)
            case _:
                proxy.stall("down")
                await asyncio.sleep(random.uniform(0, 0.2))
                proxy.cut()
        await asyncio.sleep(random.uniform(0, 0.3))
        proxy.heal()


async def main(url: str, seed: int, sets: int, every_s: float) -> None:
    random, counts, begun = Random(seed), Counter(), asyncio.Event()
    host, _, port = url.rpartition("//")[2].rpartition(":")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        clients, faults = [], []
        for _ in range(sets):
            for pair in (VARIANTS[:2], VARIANTS[2:4], VARIANTS[4:]):
                proxy = await stack.enter_async_context(FaultProxy.to(host, int(port)))
                at = f"http://127.0.0.1:{proxy.port}"
                clients += [Strict(at, terms, counts) for terms in pair]
                task = group.create_task(trouble(proxy, random, counts, every_s, begun))
                faults.append((proxy, task))
        running = [group.create_task(client.run()) for client in clients]
        await serve_stdin(counts, begun)
        for proxy, task in faults:
            task.cancel()
            proxy.heal()
        heads = (await asyncio.to_thread(get_json, url, "/v1/status"))["heads"]
        await arrived(clients, heads)
        books = [[list(client.terms), client.hashes()] for client in clients]
        for task in running:
            task.cancel()
        print(json.dumps({"counts": counts, "wrong": said(clients), "books": books}), flush=True)


async def serve_stdin(counts: Counter[str], begun: asyncio.Event) -> None:
    """Do what each line says; return at the line `end`."""
    while (line := (await asyncio.to_thread(sys.stdin.readline)).strip()) != "end":
        if line == "faults":
            begun.set()
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
