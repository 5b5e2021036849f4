"""NATS and Postgres away for a while under a playing recording: nothing lost, and said at once.

Seconds, so that the lane stays short; with LF_LONG_FAULTS set (`just long-faults`) as long as
the promise: NATS stopped 30 s, paused 20 s, Postgres away a minute.
"""

import json
import os
import time
from contextlib import contextmanager

import psutil
import pytest
from plain_client import PlainClient
from recordings import recording
from reference import rebuild
from stacks import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]

NAME = "coinbase-advanced-20260809-btcusd-trades"
LONG = bool(os.environ.get("LF_LONG_FAULTS"))
AWAY_S = {"stopped": 30, "paused": 20, "postgres": 60} if LONG else {}
SHORT_S = 6
SPEED = "1" if LONG else "4"
"""So that the recording of two minutes outlasts the outage."""


def report(what, seconds):
    print(f"{what}: {seconds:.2f} s")


@contextmanager
def played(stack, *, doubts):
    """Play the recording to a strict subscriber; yields, then waits for its end.

    It is told of nothing missing; and of `doubts`, whether its book is the newest one.
    """
    path = recording(NAME)
    stack.start("--source", f"replay:{path}", "--speed", SPEED, "--paused", "--shards", "1")
    with stack.follow(
        "sub", "BTC-USD", "--channel", "level2", "--channel", "trades",
        "--json", "--strict", "--until", "replay-end",
    ) as sub:  # fmt: skip
        stack.wait("clients=1")
        stack.begin()
        until(lambda: events(stack) > 300, what="progress")
        yield
        stack.wait("replay-end", timeout=200)
        lines = sub.lines()
    reference = rebuild(path)
    client = PlainClient().feed(lines)
    assert not client.gaps
    assert {gap["state"] for gap in client.doubts} == ({"stale"} if doubts else set())
    assert client.trades == {"BTC-USD": reference.trades["BTC-USD"]}
    assert client.books["BTC-USD"].bids() == reference.books["BTC-USD"].bids()
    assert client.books["BTC-USD"].asks() == reference.books["BTC-USD"].asks()
    verified = stack.json("verify", "--renormalize", "--shards", "1")
    assert verified["ok"], verified
    counts = verified["counts"]
    assert counts["raw_frames"] == counts["exchange_sent"]
    assert (counts["raw_gap_frames"], counts["raw_breaks"], counts["gaps"]) == (0, 0, 0)
    assert counts["postgres_trades"] == counts["norm_trades"] == len(reference.trades["BTC-USD"])


@contextmanager
def away(stack, how):
    """Take NATS or Postgres away for the body, at least as long as `AWAY_S` says."""
    service = "postgres" if how == "postgres" else "nats"
    services = stack.run_state()["services"]
    process = psutil.Process(next(s["pid"] for s in services if s["name"] == service))
    began = time.monotonic()
    if how == "paused":
        process.suspend()
        try:
            yield
            rest(began, how)
        finally:
            process.resume()
        return
    with stack.unsupervised():
        children = process.children(recursive=True)
        for each in (process, *children):
            each.kill()
        yield
        rest(began, how)


def rest(began, how):
    time.sleep(max(0, AWAY_S.get(how, SHORT_S) - (time.monotonic() - began)))


def nats_is_missed(document):
    named = any("NATS" in problem for problem in (document or {"problems": []})["problems"])
    return named and document["state"] == "degraded"


def book_state(stack):
    told = stack.told()
    return told["heads"]["BTC-USD"]["state"] if told else None


def events(stack):
    told = stack.told()
    return told["counts"]["norm_events"] if told else 0


@pytest.mark.parametrize("how", ["stopped", "paused"])
def test_nats_away_is_said_at_once_and_nothing_is_lost(stack, how):
    with played(stack, doubts=True):
        before = events(stack)
        with away(stack, how):
            began = time.monotonic()
            until(lambda: nats_is_missed(stack.told()), 15, "NATS missed")
            report(f"NATS {how}: noticed after", time.monotonic() - began)
            done = stack.lf("status", "--json", check=10)
            assert nats_is_missed(json.loads(done.stdout))
            until(lambda: book_state(stack) == "stale", 15, "a book that nobody keeps right")
        back = time.monotonic()
        until(lambda: events(stack) > before and not nats_is_missed(stack.told()), 30, "live")
        until(lambda: book_state(stack) == "live", 15, "the book live again")
        report(f"NATS {how}: live again after", time.monotonic() - back)


def test_postgres_away_leaves_the_live_path_alone_and_history_catches_up(stack):
    with played(stack, doubts=False), away(stack, "postgres"):
        for _ in range(3):
            before = events(stack)
            until(lambda n=before: events(stack) > n + 20, 15, "events meanwhile")
            (shard,) = stack.told()["shards"]
            assert shard["state"] == "ready"
        book = stack.json("book", "BTC-USD", "--depth", "1")
        assert book["state"] == "live"
