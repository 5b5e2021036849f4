"""A process of load clients: `python -m ledgerflux.loadtest.worker`.

Reads an `Order` and later a `Finish` from standard input, writes `Progress` lines and a `Final`
to standard output. When its input ends, it ends: nothing is left of a parent that was killed.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Coroutine
from typing import Any

import msgspec

from ledgerflux.client.way import use_way
from ledgerflux.core.tally import Tally
from ledgerflux.loadtest.client import LoadClient
from ledgerflux.loadtest.orders import Final, Finish, Order, Progress
from ledgerflux.loadtest.reading import Reader
from ledgerflux.loadtest.watch import Totals

LAG_EVERY_S = 0.01
DRAIN_S = 2.0
"""How long the last updates may take after the measured time."""
DRAIN_POLL_S = 0.05
READY = b"ready\n"
"""The first line a worker writes: it takes its order now."""
LINE_BYTES_MAX = 16 * 1024 * 1024


class Worker:
    """Runs the clients of one order and tells its parent how it goes."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._totals = Totals(order)
        reader = self._reader = Reader(planned=order.planned, compressed=order.compress)
        self.clients = [LoadClient(client, order, self._totals, reader) for client in order.clients]
        self._lag = Tally()
        self._random = random.Random(order.seed)  # noqa: S311 - who reconnects is no secret

    async def run(self, finish: "asyncio.Future[Finish | None]") -> Final | None:
        """Run until `finish` is told; return the report, None where nobody wants it."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.run()) for client in self.clients]
            tasks += [group.create_task(work) for work in self._chores()]
            told = await finish
            if told is not None:
                await self._drain(told)
            final = None if told is None else self._final(told)
            for task in tasks:
                task.cancel()
        return final

    def progress(self) -> Progress:
        """Return totals, and what was tallied since the last time."""
        totals = self._totals
        totals.counts.untimed = self._reader.untimed_total
        self._count_findings()
        for client in self.clients:
            client.watch.settle()
        books = [
            book
            for client in self.clients
            if not client.order.slow
            for book in client.watch.books()
        ]
        newest = [book.newest_ns for book in books]
        known = [time_ns for time_ns in newest if time_ns is not None]
        return Progress(
            time_ns=time.monotonic_ns(),
            connected=sum(client.connected for client in self.clients),
            subscribed=sum(client.subscribed for client in self.clients),
            books=len(books),
            books_live=sum(book.check.live for book in books),
            stalest_ns=min(known) if known and len(known) == len(newest) else None,
            counts=totals.counts,
            cpu_ns=time.process_time_ns(),
            latency=totals.latency.take(),
            latency_slow=totals.latency_slow.take(),
            first_snapshot=totals.first_snapshot.take(),
            lag=self._lag.take(),
        )

    def _chores(self) -> list[Coroutine[Any, Any, None]]:
        chores = [self._watch_loop(), self._tell()]
        if self._order.churn_per_s > 0:
            chores.append(self._churn())
        return chores

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self._order.tick_s)
            write(self.progress())

    async def _watch_loop(self) -> None:
        """Tally how late this loop is: a late loop reads late."""
        while True:
            due_ns = time.monotonic_ns() + round(LAG_EVERY_S * 1e9)
            await asyncio.sleep(LAG_EVERY_S)
            now_ns = time.monotonic_ns()
            if self._order.from_ns <= now_ns < self._order.until_ns:
                self._lag.add((now_ns - due_ns) // 1000)

    async def _churn(self) -> None:
        while True:
            await asyncio.sleep(1 / self._order.churn_per_s)
            steady = [
                c for c in self.clients if c.subscribed and not (c.order.slow or c.order.greedy)
            ]
            if steady:
                self._random.choice(steady).churn()

    async def _drain(self, told: Finish) -> None:
        """Wait until every client has what was published, or for long enough."""
        deadline = time.monotonic() + DRAIN_S
        while told.heads and time.monotonic() < deadline:
            if not any(client.watch.behind(told.heads) for client in self.clients):
                return
            await asyncio.sleep(DRAIN_POLL_S)

    def _final(self, told: Finish) -> Final:
        for client in self.clients:
            client.watch.give_up(told.heads)
        return Final(self.progress(), [client.watch.report() for client in self.clients])

    def _count_findings(self) -> None:
        counts = self._totals.counts
        found = [client.watch.findings for client in self.clients]
        counts.violations = sum(one.violations for one in found)
        counts.duplicates = sum(one.duplicates for one in found)
        counts.out_of_order = sum(one.out_of_order for one in found)
        counts.epochs = sum(one.epochs for one in found)


def write(line: Progress | Final) -> None:
    """Write one line to the parent; end where it is gone."""
    data = msgspec.json.encode(line) + b"\n"
    try:
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        os._exit(1)


async def main() -> None:
    """Work as the lines on standard input say."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    os.write(1, READY)
    first = await reader.readline()
    if not first:
        return
    order = msgspec.json.decode(first, type=Order)
    use_way(order.way)
    finish: asyncio.Future[Finish | None] = loop.create_future()
    listening = loop.create_task(_listen(reader, finish))
    final = await Worker(order).run(finish)
    listening.cancel()
    if final is not None:
        write(final)


async def _listen(reader: asyncio.StreamReader, finish: "asyncio.Future[Finish | None]") -> None:
    line = await reader.readline()
    finish.set_result(msgspec.json.decode(line, type=Finish) if line else None)


def run() -> None:
    """Run this process's loop."""
    if sys.platform == "win32":
        asyncio.run(main())
        return
    import uvloop

    uvloop.run(main())


if __name__ == "__main__":
    run()
