"""A crowd of strict clients over several gateways: `python tests/crowd_clients.py CLIENTS URL...`.

Each is a `ledgerflux.client` that knows all the gateways and begins with another one than the
client before it. They keep every trade by its id and hold each book to epoch, `prev_seq` and
checksum; who is told what does not continue raises. A line `all` on stdin is answered with
how many of them follow, `end` with what each has: one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter

from ledgerflux.client import Reconnected, connect
from ledgerflux.client.addresses import get_json
from ledgerflux.core.book import book_hash

ARRIVED_S = 120
JOIN_TOGETHER = 25
CHANNELS = ("level2", "trades")


class Member:
    """One of the crowd."""

    def __init__(self, urls: list[str]) -> None:
        self.began = urls[0]
        self.missed: list[list] = []
        self.resumed: list[dict] = []
        self.trades: Counter[tuple[str, int]] = Counter()
        """How often each came, by product and id."""
        self.snapshots = 0
        self.following = False
        self.client = connect(urls, strict=True, on_gap=self.missed.append, give_up_after_s=60)

    async def run(self, room: asyncio.Semaphore) -> None:
        """Follow until cancelled.

        Raises:
            IntegrityError: A message does not continue its stream, or a checksum is another.
        """
        async with room:
            await self.client.__aenter__()
            for channel in CHANNELS:
                await self.client.subscribe(channel)
        self.following = True
        try:
            async for message in self.client:
                self._take(message)
        finally:
            await self.client.__aexit__()

    def _take(self, message) -> None:
        if isinstance(message, Reconnected):
            self.resumed.append(
                {
                    "at_ns": time.monotonic_ns(),
                    "url": message.url,
                    "failures": message.failures,
                    "missed": len(message.missed),
                }
            )
        elif message.type == "trade":
            for trade in message.trades():
                self.trades[message.product_id, trade.trade_id] += 1
        elif message.type == "snapshot":
            self.snapshots += 1

    def arrived(self, heads: dict) -> bool:
        books = self.client.books
        return books.keys() == heads.keys() and all(
            books[product].live
            and tuple(books[product].position) == (head["epoch"], head["level2"])
            and (at := self.client.position("trades", product)) is not None
            and at.seq == head["trades"]
            for product, head in heads.items()
        )

    def report(self) -> dict:
        """Return what it has."""
        return {
            "began": self.began,
            "violations": self.client.violations_total,
            "missed": self.missed,
            "resumed": self.resumed,
            "snapshots": self.snapshots,
            "trades": [[*key, count] for key, count in self.trades.items()],
            "books": {
                name: book_hash(mirror.book.bids(), mirror.book.asks())
                for name, mirror in self.client.books.items()
                if mirror.live
            },
        }


async def main(number: int, urls: list[str]) -> None:
    room = asyncio.Semaphore(JOIN_TOGETHER)
    turned = [urls[at:] + urls[:at] for at in range(len(urls))]
    members = [Member(turned[at % len(urls)]) for at in range(number)]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(member.run(room)) for member in members]
        while (asked := (await asyncio.to_thread(sys.stdin.readline)).strip()) != "end":
            assert asked == "all", asked
            print(
                json.dumps(
                    {
                        "following": sum(member.following for member in members),
                        "resumed": sum(bool(member.resumed) for member in members),
                        "trades": min(sum(member.trades.values()) for member in members),
                    }
                ),
                flush=True,
            )
        heads = (await asyncio.to_thread(get_json, urls[-1], "/v1/status"))["heads"]
        async with asyncio.timeout(ARRIVED_S):
            while not all(member.arrived(heads) for member in members):
                await asyncio.sleep(0.1)
        for task in running:
            task.cancel()
        print(json.dumps({"heads": heads, "members": [m.report() for m in members]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
