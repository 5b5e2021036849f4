"""Strict clients behind failing lines, while recordings play at `max`: nothing they are told is
wrong.

A million deliveries, of which each was held to its epoch, `prev_seq` and, of books, checksum; ten
million by `just long-strict`. At the end each book is the one that a plain program rebuilds.
"""

import gzip
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psutil
import pytest
from fuzzing import a_seed
from recordings import recording
from reference import rebuild
from stacks import Stack

from ledgerflux.core.book import book_hash

DELIVERIES_MIN = int(os.environ.get("LF_LONG_STRICT") or 1_000_000)
"""A delivery is one message with data to one client."""
SETS = 2
WORKERS = 2
CLIENTS = WORKERS * SETS * 6
ADVANCED = "coinbase-advanced-20260809-btcusd"
RECORDINGS = [
    *(f"{ADVANCED}-live", f"{ADVANCED}-reconnect", f"{ADVANCED}-trades"),
    "coinbase-exchange-l2-ticker-matches-20210417-6p",
]
SCRIPT = Path(__file__).parents[1] / "strict_clients.py"
SECOND = 1_000_000_000
FRAMES_PER_S = 1_200
ROUND_FRAMES = min(40_000, DELIVERIES_MIN // 8)
TRADES_EVERY = 8
PRODUCTS = 48
"""So many that few events of a product share a message."""
CUTS = ("cut", "reset", "split")
NICE = 10
"""The market gets the time that nobody else wants: `max` is what the clients can read."""

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


def played(stack, path, seed, *, every_s):
    """Play a recording to strict clients; return what they counted, their books being right."""
    up = stack.start("--source", f"replay:{path}", "--speed", "max", "--paused")
    with strict(up["gateway"]["http"], seed, every_s) as workers:
        stack.wait(f"clients={CLIENTS}")
        workers.told("faults")
        psutil.Process(stack.pid("exchange")).nice(NICE)
        stack.begin()
        stack.wait("replay-end", timeout=600)
        reports = workers.end()
    counts = sum((Counter(report["counts"]) for report in reports), Counter())
    wrong = [text for report in reports for text in report["wrong"]]
    counts["violations"] = len(wrong)
    say(Path(path).name.removesuffix(".jsonl.gz"), counts)
    assert not wrong, wrong[:5]
    reference = rebuild(path).books
    for report in reports:
        for (depth, *_), hashes in report["books"]:
            assert hashes == {name: hash_of(book, depth) for name, book in reference.items()}
    return counts


def say(name, counts, more=""):
    """Print what there was to be seen."""
    names = ("deliveries", "checksums", "reconnects", "resumes", "replayed", "books_again", "gaps")
    told = ", ".join(f"{what} {counts[what]:,}" for what in (*names, "violations"))
    print(f"{name}: cuts {cuts(counts):,}, {told}{more}", flush=True)


def cuts(counts):
    return sum(counts[kind] for kind in CUTS)


def hash_of(book, depth):
    levels = None if depth == "full" else depth
    return book_hash(book.bids()[:levels], book.asks()[:levels])


def made(path, seed, frames):
    """Write a recording of books that change at random, and of trades."""
    random, products = Random(seed), [f"P{number}-USD" for number in range(PRODUCTS)]
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for number in range(frames + len(products)):
            product = products[number % len(products)]
            channel, event = event_of(random, number, product)
            frame = {
                "channel": channel, "timestamp": "2026-08-09T05:23:42.196708651Z",
                "sequence_num": number, "events": [event],
            }  # fmt: skip
            at_ns = 1_786_253_022 * SECOND + number * SECOND // FRAMES_PER_S
            row = {"ts": at_ns, "conn": "made-1", "raw": json.dumps(frame)}
            file.write(json.dumps(row) + "\n")
    return path


def event_of(random, number, product):
    """Return a frame's channel and event: first each book, then what changes it, and trades."""
    if number >= PRODUCTS and random.randrange(TRADES_EVERY) == 0:
        side = random.choice(("BUY", "SELL"))
        trade = {
            "product_id": product, "trade_id": str(number), "price": "100", "size": "0.1",
            "time": "2026-08-09T05:23:42.190989Z", "side": side,
        }  # fmt: skip
        return "market_trades", {"type": "update", "trades": [trade]}
    kind, levels = ("update", 3) if number >= PRODUCTS else ("snapshot", 100)
    updates = [level(random, n) for n in range(levels)]
    return "l2_data", {"type": kind, "product_id": product, "updates": updates}


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
    assert played(stack, recording(name), seed, every_s=2)["deliveries"] > 100


def test_strict_clients_behind_failing_lines_see_nothing_wrong(tmp_path):
    seed, begun_s = a_seed(), time.monotonic()
    print(f"LF_FUZZ_SEED={seed}")
    counts = Counter()
    while counts["deliveries"] < DELIVERIES_MIN:
        seed += 1
        path = made(tmp_path / f"{seed}.jsonl.gz", seed, ROUND_FRAMES)
        counts += a_round(Stack(tmp_path / f"lf-{seed}"), path, seed)
        path.unlink()
        took_s = time.monotonic() - begun_s
        say(f"so far of {DELIVERIES_MIN:,}", counts, f", {took_s:.0f} s")
        assert counts["deliveries"] > 10_000, "nobody is told anything"
    assert cuts(counts) > 10
    assert counts["resumes"] > 100
    assert counts["replayed"] > 100, "nothing was sent again: no resume had anything to prove"


def a_round(stack, path, seed):
    try:
        return played(stack, path, seed, every_s=4)
    finally:
        stack.down()
