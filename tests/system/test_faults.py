"""Processes killed while a recording plays: the outcome is as without the kill."""

import json
import os
import signal

import pytest
from plain_client import PlainClient
from recordings import recording
from reference import rebuild
from stacks import until, wait_gone

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


def test_a_killed_nats_server_loses_nothing_that_was_acknowledged(stack):
    path = recording(NAME)
    reference = rebuild(path)
    stack.start("--source", f"replay:{path}", "--speed", "10", "--shards", "4")
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
