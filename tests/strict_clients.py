"""Strict clients behind lines that fail: `python tests/strict_clients.py URL SEED SETS EVERY_S`.

They follow every book, whole and in part, plain and compressed, and the trades; each message is
held to its epoch, `prev_seq` and checksum by `ledgerflux.client`, which raises at the first that
does not fit. A line on stdin ends the faults: what each has counted, and its books by their
hash, is printed once it stands where the gateway does.
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
from ledgerflux.testing.fault_proxy import FaultProxy

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


class Strict:
    """One client; what it was told is counted in `counts`."""

    def __init__(self, url: str, terms: Terms, counts: Counter[str]) -> None:
        self.terms = terms
        self.counts = counts
        self.client = connect(
            url, strict=True, give_up_after_s=GIVE_UP_S, compression=terms.compression
        )

    async def run(self) -> None:
        """Follow until cancelled.

        Raises:
            IntegrityError: A message does not continue its stream, or a checksum is another.
        """
        async with self.client as client:
            await client.subscribe("level2", depth=self.terms.depth, conflate=self.terms.conflate)
            await client.subscribe("trades")
            async for message in client:
                if isinstance(message, Reconnected):
                    self.counts["reconnects"] += 1
                elif message.channel in ("level2", "trades") and message.type != "subscribed":
                    self.counts["deliveries"] += 1
                    self.counts["checksums"] += message.checksum is not None
                    self.counts["gaps"] += message.type == "gap"

    def arrived(self, heads: dict) -> bool:
        """Say whether each book is live and stands where the gateway does."""
        books = self.client.books
        return books.keys() == heads.keys() and all(
            books[product].live
            and tuple(books[product].position) == (head["epoch"], head["level2"])
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


async def arrived(clients: list[Strict], heads: dict) -> None:
    """Wait until all stand at the heads, by their place or, where less is told, by their books.

    Raises:
        TimeoutError: Who does not is named.
    """
    whole = [client for client in clients if client.terms[:2] == ("full", "none")]
    part = [client for client in clients if client not in whole]
    try:
        async with asyncio.timeout(ARRIVED_S):
            while not all(client.arrived(heads) for client in whole):
                await asyncio.sleep(0.05)
            wanted = {c.terms.depth: whole[0].hashes(c.terms.depth) for c in part}
            while not all(client.hashes() == wanted[client.terms.depth] for client in part):
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        late = [client.terms for client in whole if not client.arrived(heads)]
        raise TimeoutError(
            f"not at the end: {late or [client.terms for client in part]}"
        ) from error


async def trouble(proxy: FaultProxy, random: Random, counts: Counter[str], every_s: float) -> None:
    """Let the lines fail, each time in another way, at random moments, `every_s` on average."""
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
    random, counts = Random(seed), Counter()
    host, _, port = url.rpartition("//")[2].rpartition(":")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        clients, faults = [], []
        for _ in range(sets):
            for pair in (VARIANTS[:2], VARIANTS[2:4], VARIANTS[4:]):
                proxy = await stack.enter_async_context(FaultProxy.to(host, int(port)))
                at = f"http://127.0.0.1:{proxy.port}"
                clients += [Strict(at, terms, counts) for terms in pair]
                faults.append((proxy, group.create_task(trouble(proxy, random, counts, every_s))))
        running = [group.create_task(client.run()) for client in clients]
        told = asyncio.create_task(asyncio.to_thread(_serve_stdin, counts))
        await told
        for proxy, task in faults:
            task.cancel()
            proxy.heal()
        heads = (await asyncio.to_thread(get_json, url, "/v1/status"))["heads"]
        await arrived(clients, heads)
        violations = sum(client.client.violations_total for client in clients)
        books = [[list(client.terms), client.hashes()] for client in clients]
        for task in running:
            task.cancel()
        print(json.dumps({"counts": counts, "violations": violations, "books": books}), flush=True)


def _serve_stdin(counts: Counter[str]) -> None:
    """Answer each empty line with the counts; return at the line `end`."""
    for line in sys.stdin:
        if line.strip() == "end":
            return
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
