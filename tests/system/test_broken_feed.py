"""One line of a recording dropped, repeated or swapped: noticed at once, mended, never hidden."""

import gzip
import json

import pytest
from plain_client import PlainBook, PlainClient
from recordings import lines, recording
from reference import rebuild

pytestmark = pytest.mark.slow

NAME = "coinbase-advanced-20260809-btcusd-trades"
AT = 300
SPEED = "8"
"""Thirteen seconds are left after the broken line: enough to be mended before the end."""


def drop(frames):
    return frames[:AT] + frames[AT + 1 :]


def repeat(frames):
    return frames[: AT + 1] + frames[AT:]


def swap(frames):
    return [*frames[:AT], frames[AT + 1], frames[AT], *frames[AT + 2 :]]


def tops_of(entries):
    """Return the top of the exchange's own book after each frame, in the order of the file."""
    book, tops = PlainBook(), set()
    for entry in entries:
        message = json.loads(entry["raw"])
        if message["channel"] != "l2_data":
            continue
        for event in message["events"]:
            changes = [
                ("buy" if u["side"] == "bid" else "sell", u["price_level"], u["new_quantity"])
                for u in event["updates"]
            ]
            if event["type"] == "snapshot":
                book.replace(
                    [c[1:] for c in changes if c[0] == "buy"],
                    [c[1:] for c in changes if c[0] == "sell"],
                )
            else:
                for change in changes:
                    book.set(*change)
        tops.add(book.top())
    return tops


@pytest.mark.parametrize(
    ("damage", "noticed_at"),
    [(drop, AT), (repeat, AT + 1), (swap, AT)],
    ids=["drop", "repeat", "swap"],
)
def test_a_broken_line_is_noticed_within_one_frame_and_mended(stack, tmp_path, damage, noticed_at):
    recording(NAME)
    entries = damage([entry for entry in lines(NAME) if "kind" not in entry])
    path = tmp_path / "damaged.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in entries)
    stack.start("--source", f"replay:{path}", "--speed", SPEED, "--paused")
    with stack.follow(
        "sub", "BTC-USD", "--channel", "level2", "--channel", "trades",
        "--json", "--strict", "--until", "replay-end",
    ) as sub:  # fmt: skip
        stack.wait("clients=1")
        stack.lf("replay", "start")
        printed = sub.lines()
    truth = tops_of(entries)
    wrong = []
    client = PlainClient(
        on_live=lambda _, book: wrong.append(book.top()) if book.top() not in truth else None
    ).feed(printed)
    assert not wrong, "a book was marked live that the exchange never had"

    level2 = [gap for gap in client.gaps if gap["channel"] == "level2"]
    # Swapped numbers break the rule twice: the fresh snapshot may come between the two.
    assert 1 <= len(level2) <= (2 if damage is swap else 1), level2
    assert {gap["cause"] for gap in level2} == {"upstream"}
    reference = rebuild(path).books["BTC-USD"]
    book = stack.json("book", "BTC-USD", "--depth", "full")
    assert (book["state"], book["bids"], book["asks"]) == (
        "live", reference.bids(), reference.asks(),
    )  # fmt: skip
    mended = [seq for _, seq, reason, _ in client.snapshots if reason == "resync"]
    assert mended[-1] > level2[-1]["to_seq"]
    assert client.live["BTC-USD"]
    assert client.books["BTC-USD"].bids() == reference.bids()
    assert client.books["BTC-USD"].asks() == reference.asks()
    updates_before = level2_updates_before(noticed_at, entries)
    assert level2[0]["from_seq"] == 1 + updates_before + 1  # the snapshot, then each update
    assert stack.json("verify", "--renormalize", "--shards", "1,4,7")["ok"]


def level2_updates_before(at, entries):
    """Count the level2 updates among the first `at` frames."""
    return sum(
        event["type"] == "update"
        for entry in entries[:at]
        for message in [json.loads(entry["raw"])]
        if message["channel"] == "l2_data"
        for event in message["events"]
    )
