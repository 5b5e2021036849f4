"""Recordings through the whole stack: final books, trades and the log are what they must be."""

import pytest
from plain_client import PlainClient
from recordings import recording
from reference import rebuild
from stacks import until

ADVANCED = "coinbase-advanced-20260809-btcusd"
EXCHANGE = "coinbase-exchange-l2-ticker-matches-20210417-6p"
RECORDINGS = [f"{ADVANCED}-live", f"{ADVANCED}-reconnect", f"{ADVANCED}-trades", EXCHANGE]


def assert_books_equal(stack, path):
    for product, book in rebuild(path).books.items():
        document = stack.json("book", product, "--depth", "full")
        assert document["schema"] == "lf.book/1"
        assert document["state"] == "live"
        assert document["bids"] == book.bids()
        assert document["asks"] == book.asks()


def replayed(stack, path, shards):
    stack.start("--source", f"replay:{path}", "--speed", "max", "--shards", shards)
    stack.wait("replay-end")
    assert_books_equal(stack, path)
    verified = stack.json("verify", "--renormalize", "--shards", "1,4,7", timeout=300)
    assert verified["ok"]
    return verified


@pytest.mark.parametrize(("name", "shards"), [(f"{ADVANCED}-trades", 4)])
def test_a_replay_ends_with_the_reference_books_and_verifies(stack, name, shards):
    verified = replayed(stack, recording(name), shards)
    counts = verified["counts"]
    assert counts["exchange_sent"] == counts["raw_frames"] + counts["raw_gap_frames"]
    assert counts["postgres_trades"] == counts["norm_trades"]


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 4, 7])
@pytest.mark.parametrize("name", RECORDINGS)
def test_the_number_of_shards_changes_nothing(stack, name, shards):
    replayed(stack, recording(name), shards)


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"{ADVANCED}-trades", EXCHANGE])
def test_a_strict_subscriber_from_the_start_gets_exactly_the_recordings_trades(stack, name):
    path = recording(name)
    reference = rebuild(path)
    products = sorted(reference.books)
    stack.start("--source", f"replay:{path}", "--speed", "max", "--paused")
    with stack.follow(
        "sub", *products, "--channel", "level2", "--channel", "trades",
        "--json", "--strict", "--until", "replay-end",
    ) as sub:  # fmt: skip
        stack.wait("clients=1")
        stack.lf("replay", "start")
        lines = sub.lines()
    client = PlainClient().feed(lines)
    assert client.trades == reference.trades
    assert not client.gaps
    for product, book in reference.books.items():
        assert client.books[product].bids() == book.bids()
        assert client.books[product].asks() == book.asks()


@pytest.mark.slow
def test_a_second_up_for_the_same_request_starts_nothing_new(stack):
    first = stack.start("--source", "synthetic:50")
    again = stack.json("up", "-d", "--port", "0", "--source", "synthetic:50")
    assert {s["name"]: s["pid"] for s in first["services"]} == {
        s["name"]: s["pid"] for s in again["services"]
    }
    other = stack.lf("up", "-d", "--source", "synthetic:60", check=6)
    assert "synthetic:50" in other.stderr


@pytest.mark.slow
def test_synthetic_books_move_and_verify_while_running(stack):
    stack.start("--source", "synthetic:200")
    stack.wait("first-update")
    before = stack.status()["counts"]["norm_events"]
    until(lambda: stack.status()["counts"]["norm_events"] > before + 200, what="moving events")
    assert stack.json("verify", "--renormalize", "--shards", "1,4,7")["ok"]
