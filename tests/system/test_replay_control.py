"""A whole stack on a recording, controlled from the shell while clients follow it."""

import pytest
from recordings import recording
from reference import rebuild
from stacks import until

from ledgerflux.model.units import parse_time_ns

TRADES = "coinbase-advanced-20260809-btcusd-trades"


def book_at(stack, path, now):
    """Wait until the stack's book is live and that of the recording at `now`."""
    expected = rebuild(path, parse_time_ns(now["time"])).books["BTC-USD"]

    def equal():
        document = stack.json("book", "BTC-USD", "--depth", "full")
        return (
            document["state"] == "live"
            and document["bids"] == expected.bids()
            and document["asks"] == expected.asks()
        )

    until(equal, what="the recording's book at that place")


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_books_after_seeks_and_restarts_are_those_of_the_recording(stack):
    path = recording(TRADES)
    stack.start("--source", f"replay:{path}", "--speed", "max", "--paused", "--shards", 2)
    epochs = set()
    for place in ("60%", "-10s", "90%"):
        now = stack.json("replay", "seek", place)
        assert (now["schema"], now["state"], now["paused"]) == ("lf.replay/1", "paused", True)
        book_at(stack, path, now)
        epochs.add(stack.status()["heads"]["BTC-USD"]["epoch"])
    assert len(epochs) == 3
    now = stack.json("replay", "step", 20)
    until(lambda: stack.json("replay", "status")["frames"] == now["frames"] + 20, what="20 steps")
    before = {row["name"]: row["pid"] for row in stack.status()["services"]}
    done = stack.json("restart", "exchange")
    assert (done["service"], done["pid_before"]) == ("exchange", before["exchange"])
    now = stack.json("replay", "status")
    assert (now["state"], now["speed"]) == ("paused", "max")
    book_at(stack, path, now)
    stack.lf("restart", "normalise-0", check=2)
    stack.lf("replay", "resume")
    stack.wait("replay-end")
    document = stack.json("book", "BTC-USD", "--depth", "full")
    assert document["bids"] == rebuild(path).books["BTC-USD"].bids()
    assert stack.json("verify", timeout=120)["ok"]


@pytest.mark.slow
def test_a_made_market_is_paused_and_not_moved(stack):
    stack.start("--source", "synthetic:200")
    stack.wait("first-update")
    assert stack.json("replay", "pause")["paused"]
    told = stack.lf("replay", "seek", "+10s", check=6)
    assert "cannot_seek" in told.stderr
    assert stack.lf("replay", "speed", "0", check=2)
    assert stack.lf("replay", "seek", "soon", check=2)
    assert not stack.json("replay", "resume")["paused"]
