"""Processes killed while a recording plays: the outcome is as without the kill."""

import json
import os
import signal
import time
from contextlib import contextmanager, nullcontext

import psycopg
import pytest
from plain_client import PlainClient
from recordings import recording
from reference import rebuild
from stacks import until, wait_gone

from ledgerflux.stack.leftovers import NURSERY_MODULE

pytestmark = pytest.mark.fault

NAME = "coinbase-advanced-20260809-btcusd-trades"


@pytest.mark.parametrize("service", ["normalize-1", "snapshot", "gateway"])
def test_a_killed_role_changes_nothing_in_the_end(stack, service):
    path = recording(NAME)
    reference = rebuild(path)
    stack.start("--source", f"replay:{path}", "--speed", "10", "--paused", "--shards", "4")
    with stack.follow(
        "sub", "BTC-USD", "--channel", "level2", "--channel", "trades",
        "--json", "--until", "replay-end",
    ) as sub:  # fmt: skip
        stack.wait("clients=1")
        stack.lf("replay", "start")
        before = stack.status()["counts"]["norm_events"]
        until(lambda: stack.status()["counts"]["norm_events"] > before + 300, what="progress")
        killed = stack.kill(service)
        until(
            lambda: stack.status().get("services") and stack.pid(service) not in (None, killed),
            what=f"a new {service}",
        )
        stack.wait("replay-end")
        lines = sub.lines()
    book = stack.json("book", "BTC-USD", "--depth", "full")
    assert book["bids"] == reference.books["BTC-USD"].bids()
    assert book["asks"] == reference.books["BTC-USD"].asks()
    assert book["state"] == "live"
    verified = stack.json("verify", "--renormalize", "--shards", "1,4,7")
    assert verified["ok"]
    assert verified["counts"]["gaps"] == 0
    client = PlainClient().feed(lines)
    wanted = reference.trades["BTC-USD"]
    received = client.trades["BTC-USD"]
    if service == "gateway":  # what came while nobody served is not sent again
        assert received.items() <= wanted.items()
    else:
        assert received == wanted
        assert not client.gaps
    assert client.live["BTC-USD"]
    assert client.books["BTC-USD"].bids() == reference.books["BTC-USD"].bids()
    assert client.books["BTC-USD"].asks() == reference.books["BTC-USD"].asks()


@pytest.mark.parametrize("service", ["ingest", "exchange"])
def test_a_kill_before_the_log_costs_one_gap_that_names_what_is_missing(stack, service):
    path = recording(NAME)
    reference = rebuild(path)
    stack.start("--source", f"replay:{path}", "--speed", "5", "--paused", "--shards", "1")
    with stack.follow(
        "sub", "BTC-USD", "--channel", "level2", "--channel", "trades", "--channel", "status",
        "--json", "--until", "replay-end",
    ) as sub:  # fmt: skip
        stack.wait("clients=1")
        stack.begin()
        until(lambda: events(stack) > 300, what="progress")
        killed = pid_of(stack, service)
        with held_back(stack) if service == "ingest" else nullcontext():
            os.kill(killed, signal.SIGKILL)
        until(lambda: pid_of(stack, service) not in (None, killed), what=f"a new {service}")
        stack.wait("replay-end")
        lines = sub.lines()
    client = PlainClient().feed(lines)
    (level2,) = [gap for gap in client.gaps if gap["channel"] == "level2"]
    assert level2["cause"] == "upstream"
    assert client.live["BTC-USD"]
    assert client.books["BTC-USD"].bids() == reference.books["BTC-USD"].bids()
    assert client.books["BTC-USD"].asks() == reference.books["BTC-USD"].asks()

    trades = [gap for gap in client.gaps if gap["channel"] == "trades"]
    assert len(trades) <= 1
    missing = reference.trades["BTC-USD"].keys() - client.trades["BTC-USD"].keys()
    assert missing == ids_of((gap["from_id"], gap["to_id"]) for gap in trades)
    assert service == "exchange" or missing, "trades went on while ingest was away"
    with psycopg.connect(stack.run_state()["postgres"]) as history:
        stored = {row[0] for row in history.execute("SELECT trade_id FROM trade")}
        told = history.execute("SELECT from_id, to_id FROM gap WHERE channel = 'trades'").fetchall()
    assert stored == client.trades["BTC-USD"].keys()
    assert missing == ids_of(told)

    states = [
        event["state"]
        for message in map(json.loads, lines)
        if (message.get("channel"), message.get("type")) == ("status", "status")
        for event in message["data"]
    ]
    assert states[-2:] == ["resyncing", "live"]
    verified = stack.json("verify", "--renormalize", "--shards", "1,4")
    assert verified["ok"], verified
    counts = verified["counts"]
    assert counts["gaps"] == 1 + len(trades)
    assert counts["raw_breaks"] == 1
    assert counts["postgres_trades"] == counts["norm_trades"]


@contextmanager
def held_back(stack):
    """Keep what is killed within from being started again for 3 s, in which trades go on."""
    supervisor = stack.run_state()["pid"]
    [nursery] = [
        process
        for process in stack.processes()
        if process.ppid() == supervisor and NURSERY_MODULE in process.cmdline()
    ]
    nursery.suspend()
    yield
    time.sleep(3)
    nursery.resume()


def events(stack):
    told = stack.told()
    return told["counts"]["norm_events"] if told else 0


def pid_of(stack, service):
    return next(s["pid"] for s in stack.run_state()["services"] if s["name"] == service)


def ids_of(ranges):
    return {n for first, last in ranges for n in range(first, last + 1)}


def test_a_killed_nats_server_loses_nothing_that_was_acknowledged(stack):
    path = recording(NAME)
    reference = rebuild(path)
    stack.start("--source", f"replay:{path}", "--speed", "3", "--shards", "4")
    for _ in range(2):
        before = stack.status()["counts"]["norm_events"]
        until(lambda at=before: stack.status()["counts"]["norm_events"] > at + 300, what="progress")
        killed = stack.kill("nats")
        until(lambda old=killed: stack.pid("nats") not in (None, old), what="a new nats")
    stack.wait("replay-end", timeout=120)
    book = stack.json("book", "BTC-USD", "--depth", "full")
    assert book["bids"] == reference.books["BTC-USD"].bids()
    assert book["asks"] == reference.books["BTC-USD"].asks()
    verified = stack.json("verify", "--renormalize", "--shards", "1,4,7")
    assert verified["ok"]
    counts = verified["counts"]
    assert counts["raw_frames"] + counts["raw_gap_frames"] == counts["exchange_sent"]
    assert counts["norm_trades"] == len(reference.trades["BTC-USD"])


def test_nothing_outlives_a_killed_supervisor(stack):
    stack.start("--source", "synthetic:50")
    run = json.loads((stack.data_dir / "run.json").read_text())
    assert len(stack.processes()) >= 9
    os.kill(run["pid"], signal.SIGKILL)
    wait_gone(stack.processes, 5.0)
    stack.start("--source", "synthetic:50")  # and the directory is usable at once
