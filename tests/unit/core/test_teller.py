import json

from fanouts import BTC, conflated, enter, follow, make, one, taken
from streams import Numbered, partition_saved

from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms


def test_every_follower_gets_the_same_bytes():
    fanout, source = make(), Numbered()
    sessions = [enter(fanout), enter(fanout)]
    for session in sessions:
        follow(fanout, session, "trades")
        taken(session)
    fanout.publish(source.trade().trade().take(), 1)
    first, second = (one(session) for session in sessions)
    assert first is second
    assert fanout.statistics()[:4] == (2, 2, 4, 0)


def test_a_lost_partition_is_told_in_every_channel_and_a_checkpoint_mends_it():
    fanout, source = make(products=("BTC-USD", "ETH-USD")), Numbered()
    session = enter(fanout)
    fanout.publish(source.snapshot().trade().ticker().take(), 1)
    fanout.publish(Numbered("ETH-USD").snapshot().take(), 1)
    follow(fanout, session, "level2", "trades", "ticker", "status")
    taken(session)
    fanout.lose(BTC)
    lost = taken(session)
    assert [(gap["channel"], gap["cause"], gap["state"]) for gap in lost] == [
        ("level2", "store", "stale"),
        ("trades", "store", "stale"),
        ("ticker", "store", "stale"),
        ("status", "store", "stale"),
    ]
    assert fanout.heads()["ETH-USD"].state == "live"
    source.update().trade().take()
    fanout.restore(BTC, partition_saved(source.saved()))
    told = {message["channel"]: message for message in taken(session)}
    assert told["level2"]["type"] == "snapshot"
    assert told["trades"]["to_seq"] == 2
    assert told["status"]["type"] == "gap"
    assert told["status"]["state"] == "live"


def test_a_part_of_a_book_that_could_not_be_followed_is_told_anew():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    session = enter(fanout)
    conflated(fanout, session, Terms(1, "100ms"))
    taken(session)
    fanout.publish(source.update(("buy", "100.5", "9")).take(), 1)
    fanout.restore(BTC, partition_saved(source.saved()))
    fanout.tick(1, 2)
    gap, snapshot = taken(session)
    assert (gap["from_seq"], gap["to_seq"]) == (2, 2)
    assert (snapshot["reason"], snapshot["seq"], snapshot["bids"]) == (
        "resync",
        2,
        [["100.5", "9"]],
    )


def test_a_new_book_is_told_whole_and_in_part():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    whole, part = enter(fanout), enter(fanout)
    follow(fanout, whole, "level2")
    conflated(fanout, part, Terms(1))
    for session in (whole, part):
        taken(session)
    fanout.publish(source.snapshot([("7", "1"), ("6", "1")], []).take(), 1)
    for session, bids in ((whole, [["7", "1"], ["6", "1"]]), (part, [["7", "1"]])):
        [snapshot] = taken(session)
        assert (snapshot["reason"], snapshot["bids"]) == ("resync", bids)


def test_what_nobody_follows_is_kept_for_who_comes_back():
    fanout, source = make(), Numbered()
    fanout.publish(source.trade().trade().take(), 1)
    first = fanout.ring.next(("trades", "BTC-USD"), Position("run1", 0))
    assert first is not None
    assert json.loads(first.payload)["type"] == "trade"
    assert fanout.ring.head(("trades", "BTC-USD")) == Position("run1", 2)
