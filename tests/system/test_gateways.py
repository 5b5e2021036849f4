"""Several gateways of one stack: one is killed under load, its clients go on with another."""

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psutil
import pytest
from raw_records import advanced
from readers import PRODUCT, Reader
from recordings import recording
from reference import rebuild
from stacks import until

from ledgerflux.core.book import book_hash

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

NAME = "coinbase-advanced-20260809-btcusd-trades"
CLIENTS = 8
CROWD, CROWD_PROCESSES = 500, 2
CROWD_SCRIPT = Path(__file__).parents[1] / "crowd_clients.py"
FRAMES, FRAMES_PER_S = 360, 6
SECOND = 1_000_000_000
LEVELS = 40
RESUMED_SOON_S = 3.0
RESUMED_MAX_S = 90.0
"""Many times what it takes: a machine may be busy with other things."""


async def test_clients_of_a_killed_gateway_go_on_with_the_other(stack):
    path = recording(NAME)
    reference = rebuild(path)
    start = ("--source", f"replay:{path}", "--speed", "10", "--paused", "--gateways", "2")
    document = await asyncio.to_thread(stack.start, *start)
    urls = [gateway["ws"] for gateway in document["gateways"]]
    assert [gateway["name"] for gateway in document["gateways"]] == ["gateway", "gateway-1"]
    assert len(set(urls)) == 2

    readers = [Reader(urls if n % 2 else urls[::-1]) for n in range(CLIENTS)]
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    await asyncio.to_thread(stack.wait, f"clients={CLIENTS}")
    told = await asyncio.to_thread(stack.status)
    assert [row["clients"] for row in told["gateways"]] == [CLIENTS // 2] * 2

    await asyncio.to_thread(stack.begin)
    await asyncio.to_thread(until, lambda: all(len(r.trades) > 20 for r in readers), what="trades")
    killed = await asyncio.to_thread(stack.kill, "gateway")
    await asyncio.to_thread(until, lambda: is_back(stack, "gateway", killed), what="a new gateway")
    await asyncio.to_thread(stack.wait, "replay-end")
    head = (await asyncio.to_thread(stack.status))["heads"][PRODUCT]
    book = reference.books[PRODUCT]
    await asyncio.to_thread(
        until, lambda: all(has_arrived(reader.client, head) for reader in readers), what="the end"
    )
    for task in tasks:
        assert not task.done(), task.exception()
        task.cancel()

    for number, reader in enumerate(readers):
        assert reader.client.violations_total == 0
        assert reader.unaccounted(head["trades"]) == set()
        mirror = reader.client.books[PRODUCT]
        assert list(map(list, mirror.book.bids())) == book.bids()
        assert list(map(list, mirror.book.asks())) == book.asks()
        assert reader.urls == ([urls[0], urls[1]] if number % 2 else [urls[1]])
    logs = stack.lf("logs", "gateway-1", "--json").stdout
    assert '"gateway-1"' in logs
    assert stack.lf("open", "gateway-1", "--print").stdout.strip() == f"{http(document, 1)}/"


class Crowd:
    """Processes of clients that each know all of `urls`."""

    def __init__(self, urls):
        argv = [sys.executable, CROWD_SCRIPT, str(CROWD // CROWD_PROCESSES), *urls]
        self.processes = [
            subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(CROWD_PROCESSES)
        ]

    def told(self, text):
        """Say `text` to each process, and return what each answers."""
        for process in self.processes:
            process.stdin.write(text + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self.processes]

    def sum(self, name):
        return sum(told[name] for told in self.told("all"))

    def end(self):
        """Return the heads that all came to, and what each client has."""
        ends = self.told("end")
        assert [process.wait(60) for process in self.processes] == [0] * CROWD_PROCESSES
        return ends[0]["heads"], [member for end in ends for member in end["members"]]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


@contextmanager
def crowd(urls):
    made = Crowd(urls)
    try:
        yield made
    finally:
        made.close()


def made(path):
    """Write a recording of two books that change at random, every second frame a trade."""
    random, products = Random(7), ("BTC-USD", "ETH-USD")
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number in range(FRAMES):
            product = products[number // 2 % 2]
            what = ("trade", product, 1000 + number // 4)
            if number in (0, 2):
                what = ("snapshot", product, [level(random) for _ in range(LEVELS)])
            elif number % 2 == 0:
                what = ("update", product, [level(random) for _ in range(3)])
            at_ns = 1_786_253_022 * SECOND + number * SECOND // FRAMES_PER_S
            row = {"ts": at_ns, "conn": "made-1", "raw": advanced(number, what).decode()}
            file.write(json.dumps(row) + "\n")
    return path


def level(random):
    """Return a level: bids stay below 100, asks above, so that no book is crossed."""
    side = random.choice(("buy", "sell"))
    cents = random.randrange(9_900, 10_000) if side == "buy" else random.randrange(10_001, 10_101)
    return side, f"{cents / 100:.2f}", f"{random.randrange(1, 9999) / 100:.2f}"


def test_a_crowd_of_a_killed_gateway_resumes_at_the_other_and_misses_nothing(stack, tmp_path):
    path = made(tmp_path / "made.jsonl.gz")
    start = ("--source", f"replay:{path}", "--paused", "--gateways", "2")
    gateways = stack.start(*start)["gateways"]
    survivor = gateways[1]["ws"]
    with crowd([gateway["ws"] for gateway in gateways]) as clients:
        until(lambda: clients.sum("following") == CROWD, 90, "everybody")
        until(lambda: inside(stack) == [CROWD // 2] * 2, 30, "half of them at each")
        stack.begin()
        until(lambda: min(told["trades"] for told in clients.told("all")) > 5, 60, "trades")
        pid = stack.pid("gateway")
        other = psutil.Process(stack.pid("gateway-1"))
        spent_s = sum(other.cpu_times()[:2])
        killed_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        until(lambda: clients.sum("resumed") >= CROWD // 2, RESUMED_MAX_S, "all resumed")
        spent_s = sum(other.cpu_times()[:2]) - spent_s
        stack.wait("replay-end")
        heads, members = clients.end()
    judge(members, rebuild(path))
    moved = [member["resumed"][0] for member in members if member["began"] != survivor]
    took_s = sorted((first["at_ns"] - killed_ns) / SECOND for first in moved)
    soon = sum(one_s <= RESUMED_SOON_S for one_s in took_s) / len(took_s)
    half_s, most_s = took_s[len(took_s) // 2], took_s[len(took_s) * 95 // 100]
    print(f"{len(took_s)} of {CROWD} resumed, {soon:.1%} within {RESUMED_SOON_S:.0f} s")
    print(f"p50 {half_s:.2f} s, p95 {most_s:.2f} s, the last {took_s[-1]:.2f} s")
    failures = sum(first["failures"] for first in moved)
    print(f"{failures} tries failed; the other gateway used {spent_s:.2f} s of a core meanwhile")
    assert (len(moved), len(members)) == (CROWD // 2, CROWD)
    assert heads.keys() == {"BTC-USD", "ETH-USD"}


def judge(members, reference):
    """Hold what each was told to what a plain program makes of the recording."""
    trades = sorted([p, number, 1] for p, ids in reference.trades.items() for number in ids)
    books = {name: book_hash(book.bids(), book.asks()) for name, book in reference.books.items()}
    for member in members:
        assert member["violations"] == 0
        assert member["missed"] == []
        assert sorted(member["trades"]) == trades
        assert member["books"] == books
        assert all(resumed["missed"] == 0 for resumed in member["resumed"])


def inside(stack):
    """Return how many clients each gateway said, within the last second or so, that it has."""
    return [row["clients"] for row in stack.status()["gateways"]]


def is_back(stack, name, killed):
    services = {row["name"]: row for row in stack.run_state()["services"]}
    return services[name]["state"] == "ready" and services[name]["pid"] != killed


def has_arrived(client, head):
    mirror, trades = client.books[PRODUCT], client.position("trades", PRODUCT)
    at = mirror.position
    return mirror.live and at.seq == head["level2"] and trades and trades.seq == head["trades"]


def http(document, number):
    return document["gateways"][number]["http"]
