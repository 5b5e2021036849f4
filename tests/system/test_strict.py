"""Strict clients behind failing lines, while recordings play: nothing they are told is wrong.

A quarter of a million deliveries, of which each was held to its epoch, `prev_seq` and, of
books, checksum; ten million by `just long-strict`. At the end each book is the one that a plain
program rebuilds.
"""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from fuzzing import a_seed
from recordings import recording
from reference import rebuild
from stacks import Stack

from ledgerflux.core.book import book_hash

DELIVERIES_MIN = int(os.environ.get("LF_LONG_STRICT") or 250_000)
SETS = 2
WORKERS = 2
ADVANCED = "coinbase-advanced-20260809-btcusd"
RECORDINGS = [f"{ADVANCED}-live", f"{ADVANCED}-reconnect", f"{ADVANCED}-trades"]
SCRIPT = Path(__file__).parents[1] / "strict_clients.py"
SECOND = 1_000_000_000
FRAMES_PER_S = 1_200
ROUND_FRAMES = 60_000
PRODUCTS = 48
"""So many that few events of a product share a message."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + DELIVERIES_MIN // 1000)]


class Workers:
    """Processes of strict clients at one gateway."""

    def __init__(self, url: str, seed: int, every_s: float) -> None:
        argv = [sys.executable, SCRIPT, url]
        self.processes = [
            subprocess.Popen(
                [*argv, str(seed + number), str(SETS), str(every_s)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for number in range(WORKERS)
        ]  # fmt: skip

    def told(self, text: str) -> list[dict]:
        """Say `text` to each, and return what each answers."""
        for process in self.processes:
            process.stdin.write(text + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self.processes]

    def counts(self) -> Counter[str]:
        return sum(map(Counter, self.told("")), Counter())

    def end(self) -> list[dict]:
        reports = self.told("end")
        assert [process.wait(180) for process in self.processes] == [0] * WORKERS
        return reports

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


@contextmanager
def strict(url, seed, every_s):
    workers = Workers(url, seed, every_s)
    try:
        yield workers
    finally:
        workers.close()


def played(stack, path, seed, *, speed, every_s):
    """Play a recording to strict clients; return what they counted, their books being right."""
    up = stack.start("--source", f"replay:{path}", "--speed", speed, "--paused")
    with strict(up["gateway"]["http"], seed, every_s) as workers:
        stack.wait(f"clients={WORKERS * SETS * 6}")
        stack.begin()
        stack.wait("replay-end", timeout=300)
        reports = workers.end()
    reference = rebuild(path).books
    for report in reports:
        assert report["violations"] == 0
        for (depth, *_), hashes in report["books"]:
            assert hashes == {name: hash_of(book, depth) for name, book in reference.items()}
    counts = sum((Counter(report["counts"]) for report in reports), Counter())
    print(Path(path).name, dict(counts))
    return counts


def hash_of(book, depth):
    levels = None if depth == "full" else depth
    return book_hash(book.bids()[:levels], book.asks()[:levels])


def made(path, seed, frames):
    """Write a recording of books that change at random, and of trades."""
    random, products = Random(seed), [f"P{number}-USD" for number in range(PRODUCTS)]
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for number in range(frames + len(products)):
            at_ns = 1_786_253_022 * SECOND + number * SECOND // FRAMES_PER_S
            product = products[number % len(products)]
            first = number < len(products)
            event = {
                "type": "snapshot" if first else "update",
                "product_id": product,
                "updates": [level(random, n) for n in range(100 if first else 3)],
            }
            frame = {
                "channel": "l2_data", "timestamp": "2026-08-09T05:23:42.196708651Z",
                "sequence_num": number, "events": [event],
            }  # fmt: skip
            row = {"ts": at_ns, "conn": "made-1", "raw": json.dumps(frame)}
            file.write(json.dumps(row) + "\n")
    return path


def level(random, number):
    """Return a level of a side: bids stay below 100, asks above, so that no book is crossed."""
    bid = random.random() < 0.5
    cents = random.randrange(9_900, 10_000) if bid else random.randrange(10_001, 10_101)
    gone = number > 0 and random.random() < 0.3
    return {
        "side": "bid" if bid else "offer",
        "event_time": "2026-08-09T05:23:41.823025Z",
        "price_level": f"{cents / 100:.2f}",
        "new_quantity": "0" if gone else f"{random.randrange(1, 9999) / 100:.2f}",
    }


@pytest.mark.parametrize("name", RECORDINGS)
def test_strict_clients_of_a_recording_at_full_speed_see_nothing_wrong(stack, name):
    seed = a_seed()
    print(f"LF_FUZZ_SEED={seed}")
    assert played(stack, recording(name), seed, speed="max", every_s=1)["deliveries"] > 100


def test_strict_clients_behind_failing_lines_see_nothing_wrong(tmp_path):
    seed = a_seed()
    print(f"LF_FUZZ_SEED={seed}")
    counts = Counter()
    while counts["deliveries"] < DELIVERIES_MIN:
        seed += 1
        path = made(tmp_path / f"{seed}.jsonl.gz", seed, ROUND_FRAMES)
        counts += a_round(Stack(tmp_path / f"lf-{seed}"), path, seed)
        assert counts["deliveries"] > 1_000, "nobody is told anything"
    assert counts["reconnects"] > 10


def a_round(stack, path, seed):
    try:
        return played(stack, path, seed, speed="1", every_s=8)
    finally:
        stack.down()
