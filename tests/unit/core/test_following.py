import pytest
from sessions import RESTARTED, Awaited, Rig, awaiting, follow_latest, resumed, started
from streams import Numbered, partition_saved

from ledgerflux.core.parting import Close
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms


@pytest.fixture
def rig() -> Rig:
    return started()


def test_a_subscriber_gets_the_book_and_then_what_continues_it(rig):
    rig.follow("level2")
    rig.publish(rig.source.update())
    ack, snapshot, update = rig.taken()
    assert ack["type"] == "ack"
    assert (snapshot["seq"], update["prev_seq"], update["seq"]) == (1, 1, 2)
    assert rig.woken >= 2


def test_past_the_mark_nothing_is_queued_and_the_gap_says_what_was_left_out(rig):
    rig.follow("trades")
    for _ in range(20):
        rig.publish(rig.source.trade())
    assert rig.session.outbox.above
    assert not rig.session.takes_requests
    messages = rig.taken()
    *_, trade, begins, gap, ended = messages
    assert (gap["from_seq"], gap["to_seq"]) == (trade["seq"] + 1, 21)
    assert [(told["scope"], told["mode"]) for told in (begins, ended)] == [
        ("output", "skipping"), ("output", "ended"),
    ]  # fmt: skip
    assert ended["dropped"] == 21 - trade["seq"]
    rig.publish(rig.source.trade())
    assert rig.taken()[0]["prev_seq"] == 21
    assert rig.session.statistics().fell_behind_total == 1
    assert rig.session.takes_requests


def test_what_waits_behind_a_snapshot_is_bounded_and_then_the_snapshot_is_retaken(rig):
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 600))
    rig.follow("level2", snapshot=False)
    rig.publish(rig.source.snapshot())
    for _ in range(3):
        rig.publish(rig.source.update())
    assert not rig.session.subscriptions[("level2", "BTC-USD")].live
    assert not rig.session.subscriptions[("level2", "BTC-USD")].behind
    for _ in range(10):
        rig.publish(rig.source.update())
    assert rig.session.subscriptions[("level2", "BTC-USD")].behind
    messages = rig.taken()
    _, _, begins, gap, snapshot, ended = messages
    assert (gap["from_seq"], gap["to_seq"]) == (2, 15)
    assert snapshot["reason"] == "slow"
    assert (begins["mode"], ended["mode"], ended["dropped"]) == ("skipping", "ended", 13)


def test_a_new_book_while_the_outbox_is_full_comes_later_with_a_gap(rig):
    rig.follow("level2", snapshot=False)
    rig.session.put(bytes(2100))
    assert rig.session.outbox.above
    rig.publish(rig.source.snapshot())
    rig.publish(rig.source.snapshot())
    rig.session.outbox.pop_up_to(1)
    rig.session.outbox.pop_up_to(1)
    begins, gap, snapshot, ended = rig.taken()
    assert (begins["mode"], ended["mode"], ended["dropped"]) == ("skipping", "ended", 1)
    assert (gap["from_seq"], gap["to_seq"], snapshot["seq"]) == (2, 3, 3)


def test_a_third_new_book_in_a_row_gives_the_waiting_ones_up(rig):
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 600))
    rig.follow("level2", snapshot=False)
    for _ in range(3):
        rig.publish(rig.source.snapshot())
    assert rig.types() == ["filler", "ack", "throttled", "gap", "snapshot", "throttled"]


def test_a_resync_tells_a_gap_and_the_state_as_it_is(rig):
    rig.follow("level2")
    rig.taken()
    saved = Numbered().snapshot().update().update()
    saved.take()
    stream = rig.fanout.products["BTC-USD"]
    stream.restore(saved.saved())
    rig.session.resync(rig.session.subscriptions[("level2", "BTC-USD")], "store")
    gap, snapshot = rig.taken()
    assert (gap["cause"], gap["to_seq"], snapshot["reason"]) == ("store", 3, "resync")


def overflow(rig) -> None:
    """Fill the outbox past its mark and tell one more of everything."""
    rig.taken()
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 2100))
    rig.publish(rig.source.update().trade().ticker())


def test_who_wants_a_gap_alone_goes_on_without_the_state(rig):
    for channel in ("level2", "ticker"):
        rig.follow(channel, on_slow="gap")
    overflow(rig)
    _, _, *gaps, _ = rig.taken()
    assert [(gap["channel"], gap["type"], gap["next"]) for gap in gaps] == [
        ("level2", "gap", "live"), ("ticker", "gap", "live"),
    ]  # fmt: skip
    rig.publish(rig.source.update().ticker())
    assert rig.types() == ["update", "ticker"]


def test_who_would_rather_end_than_miss_something_is_closed_at_once(rig):
    rig.follow("trades")
    rig.follow("level2", on_slow="disconnect")
    overflow(rig)
    error, goodbye = rig.taken()
    assert (error["code"], error["message"]) == (
        "slow_consumer", "level2 of BTC-USD is not read in time",
    )  # fmt: skip
    assert goodbye["code"] == 4000
    assert rig.session.tick(1) == Close(4000, "slow_consumer")
    assert rig.session.tick(2) is None


def best(message):
    return message["bids"][0]


def test_of_a_stream_that_is_only_newest_one_message_waits_however_many_came(rig):
    follow_latest(rig)
    rig.taken()
    for size in ("7", "8", "9"):
        rig.publish(rig.source.update(("buy", "100.5", size)))
    assert (rig.session.has_more, rig.session.even) == (True, False)
    assert [best(message) for message in rig.taken()] == [["100.5", "9"]]
    assert (rig.session.has_more, rig.session.even) == (False, True)


def test_what_is_only_newest_follows_what_is_queued_and_needs_no_room_of_it(rig):
    follow_latest(rig)
    rig.follow("trades")
    rig.taken()
    rig.publish(rig.source.update(("buy", "100.5", "7")))
    while not rig.session.outbox.above:
        rig.publish(rig.source.trade())
    rig.publish(rig.source.update(("buy", "100.5", "8")))
    *trades, newest = rig.taken()
    assert {message["channel"] for message in trades} == {"trades"}
    assert best(newest) == ["100.5", "8"]


def test_several_that_are_newest_are_sent_as_there_is_room(rig):
    follow_latest(rig)
    stream = rig.fanout.products["BTC-USD"]
    terms = Terms("full", "latest")
    rig.fanout.join(rig.session, "ticker", stream, snapshot=True, terms=terms)
    rig.session.put(b'{"type":"ack"}')
    rig.taken()
    rig.publish(rig.source.update(("buy", "100.5", "7")).ticker("5"))
    first, second = rig.taken()
    assert {first["channel"], second["channel"]} == {"level2", "ticker"}
    rig.publish(rig.source.update(("buy", "100.5", "8")).ticker("6"))
    assert len(rig.session.take(100_000)) == 2


def test_what_is_no_part_of_a_replay_waits_until_it_was_sent(rig):
    rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.publish(rig.source.update())
    rig.fanout.doubt(partition_of("BTC-USD"), "nobody")
    assert rig.types() == ["update", "update", "gap"]


def test_a_new_book_comes_after_the_rest_of_a_replay(rig):
    rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.publish(rig.source.snapshot())
    assert rig.types() == ["update", "snapshot"]


def test_a_book_asked_for_comes_after_the_rest_of_a_replay(rig):
    rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.session.renew(("level2", "BTC-USD"))
    assert rig.types() == ["update", "snapshot"]


def test_a_replay_with_nothing_left_is_over_when_something_else_comes(rig):
    resumed(rig, "level2", 1)
    rig.fanout.doubt(partition_of("BTC-USD"), "nobody")
    assert rig.types() == ["gap"]
    assert not rig.session.has_more


def test_a_rest_of_a_replay_that_is_too_much_to_wait_is_left_out_and_told(rig):
    for _ in range(20):
        rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.publish(rig.source.snapshot())
    rig.session.renew(("level2", "BTC-USD"))
    told = [kind for kind in rig.types() if kind != "throttled"]
    assert told == ["gap", "snapshot"]


def test_who_was_further_hears_nothing_until_the_stream_is_there(rig):
    resumed(rig, "trades", 2, further=True)
    assert not rig.session.even
    rig.publish(rig.source.trade())
    assert rig.types() == []
    rig.publish(rig.source.trade())
    assert [message["seq"] for message in rig.taken()] == [3]
    assert rig.session.even


def test_who_was_further_than_a_stream_that_goes_on_elsewhere_begins_anew(rig):
    resumed(rig, "level2", 3, further=True)
    rig.publish(rig.source.snapshot())
    assert rig.types() == []
    rig.publish(rig.source.update().update())
    assert rig.types() == ["gap", "snapshot"]


@pytest.mark.parametrize("trouble", ["doubt", "restore"])
def test_who_was_further_is_told_the_book_where_nobody_keeps_it_right(rig, trouble):
    resumed(rig, "level2", 3, further=True)
    if trouble == "doubt":
        rig.fanout.doubt(partition_of("BTC-USD"), "nobody")
        assert rig.types() == ["snapshot"]
    else:
        rig.fanout.restore(partition_of("BTC-USD"), partition_saved(rig.source.saved()))
        assert rig.types() == []


def test_what_is_not_to_be_had_is_a_gap(rig):
    rig.follow("trades")
    rig.session.miss(rig.session.subscriptions["trades", "BTC-USD"], Position("run1", 0))
    told = rig.taken()
    assert [message["type"] for message in told] == ["ack", "gap"]
    assert (told[1]["from_seq"], told[1]["to_seq"], told[1]["cause"]) == (1, 1, "resume")


def test_a_rest_of_a_replay_that_is_too_much_gives_way_to_what_comes(rig):
    for _ in range(20):
        rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.fanout.doubt(partition_of("BTC-USD"), "nobody")
    told = [kind for kind in rig.types() if kind != "throttled"]
    assert told == ["gap", "snapshot"]


def test_after_the_end_nothing_is_said_of_a_stream(rig):
    rig.follow("level2")
    rig.taken()
    subscription = rig.session.subscriptions["level2", "BTC-USD"]
    rig.session.end(None, RESTARTED)
    rig.session.resync(subscription, "store")
    assert rig.types() == ["goodbye"]


def test_one_that_waits_for_its_state_is_not_told_that_it_is_slow(rig):
    rig.follow("level2")
    rig.taken()
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 600))
    rig.session.resync(rig.session.subscriptions["level2", "BTC-USD"], "store")
    rig.publish(rig.source.update())
    assert rig.types() == ["filler", "gap", "snapshot"]


def follow_newest_ticker(rig):
    stream = rig.fanout.products["BTC-USD"]
    terms = Terms("full", "latest")
    rig.fanout.join(rig.session, "ticker", stream, snapshot=True, terms=terms)
    rig.session.put(b'{"type":"ack"}')
    rig.taken()


def test_what_follows_the_newest_is_sent_after_it(rig):
    follow_newest_ticker(rig)
    rig.publish(rig.source.ticker().ticker())
    rig.fanout.lose(partition_of("BTC-USD"))
    newest, gap = rig.taken()
    assert (newest["type"], newest["seq"]) == ("ticker", 3)
    assert (gap["type"], gap["from_seq"], gap["to_seq"]) == ("gap", 4, 3)


def test_another_epoch_is_told_after_the_newest_of_the_one_before(rig):
    follow_newest_ticker(rig)
    rig.publish(rig.source.ticker().begin("run2"))
    assert [(told["type"], told["epoch"]) for told in rig.taken()] == [
        ("ticker", "run1"),
        ("gap", "run2"),
    ]


def test_the_newest_without_room_for_what_follows_it_is_made_up_for(rig):
    follow_newest_ticker(rig)
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 2100))
    rig.publish(rig.source.ticker("7"))
    rig.fanout.lose(partition_of("BTC-USD"))
    told = [message for message in rig.taken() if message["type"] != "throttled"]
    assert [message["type"] for message in told] == ["filler", "gap"]
    assert (told[1]["from_seq"], told[1]["to_seq"]) == (2, 2)


@pytest.mark.parametrize("on_slow", ["snapshot", "gap", "disconnect"])
def test_who_waits_for_the_log_is_not_slow_when_something_else_comes(rig, on_slow):
    awaiting(rig, "level2", on_slow)
    rig.publish(rig.source.snapshot())
    [gap, book] = rig.taken()
    assert (gap["type"], gap["cause"], book["type"]) == ("gap", "resume", "snapshot")
    assert not rig.session.ended


@pytest.mark.parametrize("on_slow", ["snapshot", "gap", "disconnect"])
def test_a_book_asked_for_while_the_log_is_read_comes_at_once(rig, on_slow):
    awaiting(rig, "level2", on_slow)
    rig.session.renew(("level2", "BTC-USD"))
    assert rig.types() == ["gap", "snapshot"]
    assert not rig.session.has_more


def test_who_left_is_told_nothing_of_what_is_still_read(rig):
    subscription = awaiting(rig, "trades")
    rig.session.part_with(("trades", "BTC-USD"))
    rig.session.fed(subscription)
    assert (rig.types(), rig.session.has_more) == ([], False)


def test_one_that_awaits_its_replay_is_not_asked_for_it_until_more_is_here(rig):
    rig.publish(rig.source.trade())
    place = Position("run1", 0)
    rig.fanout.join(rig.session, "trades", rig.fanout.products["BTC-USD"], snapshot=True)
    subscription = rig.session.subscriptions["trades", "BTC-USD"]
    replay = Awaited()
    replay.begin(("trades", "BTC-USD"), Position("run1", 9))
    rig.session.replay(subscription, place, replay)
    assert rig.types() == []
    assert (rig.session.has_more, rig.session.even) == (False, False)
    rig.session.fed(subscription)
    assert rig.session.has_more
    replay.awaits = False
    assert rig.types() == ["gap"]
    rig.session.fed(subscription)
    assert not rig.session.has_more
