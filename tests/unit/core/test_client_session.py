import json

import pytest
from sessions import RESTARTED, SECOND, SMALL, Rig, awaiting, follow_latest, one, resumed, started

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import Close
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Replaced
from ledgerflux.core.terms import WHOLE
from ledgerflux.core.wish import Asked
from ledgerflux.wire import gateway_frames


@pytest.fixture
def rig() -> Rig:
    return started()


def test_one_that_wants_no_snapshot_gets_only_what_follows(rig):
    assert rig.follow("level2", snapshot=False) == Position("run1", 1)
    rig.publish(rig.source.update())
    assert rig.types() == ["ack", "update"]


def test_beats_are_left_out_where_there_is_no_room(rig):
    rig.session.join_beats("heartbeats", None)
    rig.session.beat(b'{"type":"beat"}')
    rig.session.put(bytes(2500))
    rig.session.beat(b'{"type":"beat"}')
    assert rig.session.statistics().beats_skipped_total == 1
    assert rig.session.used == 1


def test_a_client_that_does_not_read_for_ten_seconds_is_closed(rig):
    rig.follow("trades")
    for _ in range(20):
        rig.publish(rig.source.trade())
    assert rig.session.tick(1 * SECOND) is None
    assert rig.session.tick(11 * SECOND) is None
    assert rig.session.tick(11 * SECOND + 1) == Close(4000, "slow_consumer")
    error, goodbye = rig.taken()
    assert (error["type"], error["code"], error["retryable"]) == ("error", "slow_consumer", True)
    assert (goodbye["type"], goodbye["code"], goodbye["reconnect"]) == ("goodbye", 4000, True)
    assert rig.session.tick(12 * SECOND) is None


def test_a_client_that_drains_now_and_then_is_kept(rig):
    rig.follow("trades")
    for second in range(1, 40):
        for _ in range(20):
            rig.publish(rig.source.trade())
        assert rig.session.tick(second * SECOND) is None
        if second % 9 == 0:
            rig.taken()
            for _ in range(20):
                rig.publish(rig.source.trade())


def test_a_client_that_takes_now_and_then_of_a_little_is_not_slow(rig):
    rig.follow("trades")
    for _ in range(4):
        rig.publish(rig.source.trade())
    assert not rig.session.outbox.above
    for second in range(1, 60):
        if second % 9 == 0:
            rig.session.outbox.pop_up_to(1)
            rig.publish(rig.source.trade())
        assert rig.session.tick(second * SECOND) is None


def test_a_client_that_takes_nothing_of_a_little_is_slow_too(rig):
    rig.follow("level2")
    rig.session.outbox.clear()
    rig.publish(rig.source.update())
    assert rig.session.outbox.has_room
    assert rig.session.tick(1 * SECOND) is None
    assert rig.session.tick(12 * SECOND) == Close(4000, "slow_consumer")


def test_a_client_with_nothing_to_take_is_not_slow(rig):
    rig.follow("trades")
    rig.taken()
    assert rig.session.tick(1 * SECOND) is None
    assert rig.session.tick(100 * SECOND) is None


def test_one_whose_snapshots_are_given_up_again_and_again_is_closed(rig):
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 600))
    rig.follow("level2", snapshot=False)
    subscription = rig.session.subscriptions[("level2", "BTC-USD")]
    replaced = Replaced(Position("run1", 0), "resync")
    for _ in range(3):
        rig.session.replace(subscription, replaced)
        subscription.fall_behind("slow_consumer", "slow")
        subscription._lost = False
    assert rig.session.tick(1) == Close(4000, "slow_consumer")


def test_nothing_subscribed_in_ten_seconds_is_the_end(rig):
    assert rig.session.tick(10 * SECOND) is None
    assert rig.session.tick(10 * SECOND + 1) == Close(4505, "idle")
    error, goodbye = rig.taken()
    assert error["code"] == "idle"
    assert (goodbye["reconnect"], goodbye["reconnect_after_ms"]) == (False, None)


def test_a_connection_lasts_a_day_less_up_to_a_tenth(rig):
    lucky = ClientSession(gateway_frames, SMALL, 0, lambda: None, luck=0.5)
    for session in (rig.session, lucky):
        session.join_beats("system", None)
    assert lucky.tick(int(22.8 * 3600 * SECOND) - 1) is None
    assert lucky.tick(int(22.8 * 3600 * SECOND)) == Close(4004, "max_lifetime")
    goodbye = json.loads(one(lucky))
    assert (goodbye["code"], goodbye["reconnect_after_ms"]) == (4004, 2500)
    assert rig.session.tick(24 * 3600 * SECOND - 1) is None
    assert rig.session.tick(24 * 3600 * SECOND) == Close(4004, "max_lifetime")


def test_after_the_end_nothing_more_is_queued(rig):
    rig.follow("trades")
    rig.follow("level2")
    rig.session.join_beats("heartbeats", None)
    subscription = rig.session.subscriptions[("level2", "BTC-USD")]
    rig.taken()
    rig.session.end(b'{"type":"last"}', Close(1012, "restart"))
    rig.publish(rig.source.trade().update().snapshot())
    rig.session.beat(b"{}")
    rig.session.put(b"{}")
    rig.session.resync(subscription, "store")
    assert rig.types() == ["last", "goodbye"]


def test_a_book_asked_for_again_comes_after_the_answer(rig):
    rig.follow("level2")
    rig.taken()
    rig.session.renew(("level2", "BTC-USD"))
    rig.session.put(b'{"type":"ack"}')
    rig.publish(rig.source.update())
    ack, snapshot, update = rig.taken()
    assert (ack["type"], snapshot["reason"], snapshot["seq"]) == ("ack", "requested", 1)
    assert (update["prev_seq"], update["seq"]) == (1, 2)


def test_one_that_is_refused_often_is_warned_and_told_when_it_is_over(rig):
    for _ in range(31):
        rig.session.admit(0)
    rig.session.admit(SECOND)
    told = [(notice["mode"], notice["dropped"], notice["refusals_left"]) for notice in rig.taken()]
    assert told == [("refusing", 10, 10), ("ended", 11, None)]


def test_requests_over_the_rate_are_told_to_wait_and_twenty_in_a_row_end_it(rig):
    answers = [rig.session.admit(0) for _ in range(40)]
    assert answers[:20] == [0] * 20
    assert answers[20] == SECOND // 10
    assert answers[39] == Close(4002, "rate_limited")


def test_what_an_address_may_ask_is_shared_by_its_clients(rig):
    shared = TokenBucket(1, 3, 0)
    one, other = (
        ClientSession(gateway_frames, Limits(), 0, lambda: None, shared) for _ in range(2)
    )
    assert [one.admit(0), other.admit(0), one.admit(0)] == [0, 0, 0]
    assert other.admit(0) == SECOND


def test_ten_messages_in_a_row_that_are_no_requests_end_it(rig):
    hear = rig.session.hear
    assert [hear(understood=False) for _ in range(9)] == [None] * 9
    assert hear(understood=True) is None
    assert [hear(understood=False) for _ in range(9)] == [None] * 9
    assert hear(understood=False) == Close(4502, "protocol_error")


def test_an_admitted_request_forgives_the_refused_ones(rig):
    for now_ns in range(0, 5 * SECOND, SECOND // 20):
        assert not isinstance(rig.session.admit(now_ns), Close)


def test_a_stream_that_is_left_is_not_caught_up(rig):
    rig.session.put(bytes(600))
    rig.follow("level2")
    rig.fanout.part(rig.session, "level2", "BTC-USD")
    assert rig.session.used == 0
    rig.session.outbox.pop_up_to(1)
    assert rig.types() == ["ack"]


def test_a_session_has_more_until_everything_was_taken():
    rig = Rig()
    rig.publish(rig.source.snapshot())
    rig.follow("level2")
    assert rig.session.has_more
    assert len(rig.session.take(1 << 20)) == 2
    assert not rig.session.has_more
    assert rig.session.take(1 << 20) == []


class Company:
    """Releases like a cohort, with `messages` not sent yet."""

    def __init__(self, messages=()):
        self.messages = messages
        self.released = 0

    def release(self, session):
        self.released += 1
        session.cohort = None
        session.take_over(self.messages)


def test_a_session_is_even_while_nothing_of_its_own_is_left_to_be_sent(rig):
    assert not rig.session.even
    rig.session.put(b'{"type":"filler","x":"%b"}' % (b"x" * 600))
    rig.follow("level2")
    assert not rig.session.even
    assert rig.types() == ["filler", "ack", "snapshot"]
    assert rig.session.even
    rig.publish(rig.source.update())
    assert not rig.session.even
    rig.taken()
    rig.session.end(b"{}", RESTARTED)
    rig.taken()
    assert not rig.session.even


def test_one_that_waits_to_be_caught_up_is_not_even(rig):
    rig.follow("trades")
    rig.taken()
    subscription = rig.session.subscriptions[("trades", "BTC-USD")]
    rig.session.put(bytes(600))
    rig.session.resync(subscription, "store")
    rig.session.outbox.clear()
    assert not rig.session.even
    rig.taken()
    assert rig.session.even


def test_sessions_that_follow_the_same_want_the_same(rig):
    other = ClientSession(gateway_frames, SMALL, 0, lambda: None)
    rig.fanout.enter(other)
    for session, channels in ((rig.session, ("trades", "level2")), (other, ("level2", "trades"))):
        for channel in channels:
            stream = rig.fanout.products["BTC-USD"]
            rig.fanout.join(session, channel, stream, snapshot=False)
    assert rig.session.wants() == other.wants()
    other.join_beats("heartbeats", frozenset(["BTC-USD"]))
    assert rig.session.wants() != other.wants()
    rig.session.join_beats("heartbeats", None)
    assert rig.session.wants() != other.wants()
    for session in (rig.session, other):
        session.part_with_beats("heartbeats")
    assert rig.session.wants() == other.wants()


@pytest.mark.parametrize(
    "happens",
    [
        lambda rig: rig.session.put(b'{"type":"answer"}'),
        lambda rig: rig.session.end(b'{"type":"answer"}', RESTARTED),
        lambda rig: rig.session.join_beats("system", None),
        lambda rig: rig.session.part_with_beats("heartbeats"),
        lambda rig: rig.fanout.part(rig.session, "trades", "BTC-USD"),
        lambda rig: rig.fanout.leave(rig.session),
    ],
    ids=["put", "end", "join_beats", "part_with_beats", "part_with", "leave"],
)
def test_what_concerns_it_alone_comes_after_what_it_was_told_with_others(rig, happens):
    rig.follow("trades")
    rig.session.join_beats("heartbeats", None)
    rig.taken()
    company = rig.session.cohort = Company([b'{"type":"trade"}'])
    rig.woken = 0
    happens(rig)
    assert (company.released, rig.session.cohort) == (1, None)
    assert rig.woken
    assert rig.types() in (["trade"], ["trade", "answer"], ["trade", "answer", "goodbye"])


def test_joining_a_stream_takes_it_out_of_its_company(rig):
    company = rig.session.cohort = Company([b'{"type":"trade"}'])
    rig.fanout.join(rig.session, "level2", rig.fanout.products["BTC-USD"], snapshot=True)
    assert company.released == 1
    assert rig.types() == ["trade", "snapshot"]


def test_the_last_message_instead_of_the_others_is_the_only_one(rig):
    rig.session.cohort = Company([b'{"type":"trade"}'])
    rig.session.end(b'{"type":"last"}', RESTARTED, at_once=True)
    assert rig.types() == ["last", "goodbye"]


def test_one_that_goes_on_alone_with_nothing_to_be_sent_is_not_woken(rig):
    rig.session.cohort = Company()
    rig.session.stand_alone()
    rig.session.stand_alone()
    assert rig.session.cohort is None
    assert rig.woken == 0


@pytest.mark.parametrize("leave", ["unsubscribe", "resync", "end"])
def test_what_is_newest_goes_with_its_subscription(rig, leave):
    follow_latest(rig)
    rig.taken()
    rig.publish(rig.source.update(("buy", "100.5", "7")))
    subscription = rig.session.subscriptions["level2", "BTC-USD"]
    if leave == "unsubscribe":
        rig.fanout.part(rig.session, "level2", "BTC-USD")
    elif leave == "resync":
        rig.session.resync(subscription, "store")
    else:
        rig.session.end(b'{"type":"error"}', RESTARTED)
    reasons = [message.get("reason") for message in rig.taken()]
    assert "latest" not in reasons


def test_a_goodbye_has_the_places_of_what_was_sent_to_its_end(rig):
    rig.session.tokens.key = b"k"
    rig.follow("trades")
    rig.session.subscriptions["trades", "BTC-USD"].on_slow = "gap"
    rig.session.end(None, RESTARTED)
    assert list(rig.taken()[-1]["resume"]) == ["trades"]


def test_who_asked_by_a_pattern_alone_has_subscribed(rig):
    rig.session.hold("trades", "X-*", Asked(WHOLE, "gap"))
    assert rig.session.tick(3600 * SECOND) is None
    assert list(rig.session.patterns) == [("trades", "X-*")]


@pytest.mark.parametrize("on_slow", ["gap", "disconnect"])
def test_one_that_is_closed_for_not_reading_is_told_where_what_it_was_sent_took_it(rig, on_slow):
    rig.session.tokens.key = b"k"
    rig.follow("trades", on_slow=on_slow)
    rig.publish(rig.source.trade())
    assert [message.get("seq") for message in rig.taken()] == [None, 2]
    for _ in range(20):
        rig.publish(rig.source.trade())
    if on_slow == "gap":
        for second in (1, 12):
            rig.session.tick(second * SECOND)
    goodbye = rig.taken()[-1]
    token = goodbye["resume"]["trades"]["BTC-USD"]
    place = rig.session.tokens.read(token, "v", "trades", "BTC-USD", WHOLE)
    assert (goodbye["code"], place) == (4000, Position("run1", 2))


def test_one_that_leaves_its_answers_unread_is_not_read_either(rig):
    rig.session.put(bytes(2100))
    assert not rig.session.takes_requests
    rig.session.outbox.clear()
    assert rig.session.takes_requests


def test_a_book_asked_for_takes_the_place_of_a_replay_that_is_too_much(rig):
    for _ in range(20):
        rig.publish(rig.source.update())
    resumed(rig, "level2", 1)
    rig.session.renew(("level2", "BTC-USD"))
    told = [kind for kind in rig.types() if kind != "throttled"]
    assert told == ["gap", "snapshot"]


def test_nothing_is_sent_again_to_who_ended_for_what_is_gone(rig):
    subscription = awaiting(rig, "level2", "disconnect")
    subscription._replay.loss = ("slow_consumer", "slow")
    rig.session.renew(("level2", "BTC-USD"))
    assert rig.session.ended
    told = rig.types()
    rig.session.renew(("level2", "BTC-USD"))
    assert (told[-1], rig.types()) == ("goodbye", [])
