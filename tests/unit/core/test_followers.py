from collections import defaultdict
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import Numbered, partition_saved

from ledgerflux.core import followers as followers_module
from ledgerflux.core import snapshot as snapshot_module
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.followers import Followers
from ledgerflux.core.frame import Frame
from ledgerflux.core.limits import Limits
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.wire import gateway_frames

STREAM = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
MARK_BYTES = 100
LIMITS = Limits(outbox_bytes=MARK_BYTES, outbox_drained_bytes=50)
ALL = 1 << 20


def follower_of(channel):
    return Subscription(STREAM, channel, Position("run1", 0))


TRADES, STATUS = follower_of("trades").key, follower_of("status").key


def frame(seq, payload=b""):
    return Frame(Position("run1", seq - 1), Position("run1", seq), payload or b"%d" % seq)


class Rig:
    """Followers of one product."""

    def __init__(self):
        self.followers = Followers(MARK_BYTES, lambda _: None)

    def enter(self, *channels):
        session = ClientSession(gateway_frames, LIMITS, 0, lambda: None)
        for channel in channels or ("trades",):
            subscription = follower_of(channel)
            session.join(subscription, catch_up=False)
            self.followers.add(session, subscription)
        return session

    def united(self, count):
        sessions = [self.enter() for _ in range(count)]
        for session in sessions:
            self.followers.unite(session)
        return sessions

    def members(self):
        return [list(cohort.members) for cohort in self.followers.cohorts()]


@pytest.fixture
def rig():
    return Rig()


def test_those_who_follow_the_same_are_told_once(rig):
    one, other = rig.united(2)
    assert rig.members() == [[one, other]]
    rig.followers.tell(TRADES, frame(1))
    [cohort] = rig.followers.cohorts()
    assert cohort.take() == [b"1"]
    assert rig.followers.delivered_total == 2
    assert not one.has_more


def test_those_who_follow_something_else_are_told_apart(rig):
    one, other = rig.enter("trades"), rig.enter("trades", "status")
    with_beats = rig.enter("trades")
    with_beats.join_beats("heartbeats", None)
    for session in (one, other, with_beats):
        rig.followers.unite(session)
    assert rig.members() == [[one], [other], [with_beats]]
    rig.followers.tell(STATUS, frame(1))
    assert [cohort.take() for cohort in rig.followers.cohorts()] == [[], [b"1"], []]


def test_one_that_has_something_of_its_own_to_be_sent_stays_alone_until_it_was(rig):
    session = rig.enter()
    session.put(b"answer")
    rig.followers.unite(session)
    assert session.cohort is None
    assert session.take(ALL) == [b"answer"]
    for _ in range(2):
        rig.followers.unite(session)
    assert rig.members() == [[session]]


def test_one_that_would_join_while_something_is_queued_waits(rig):
    rig.united(1)
    late = rig.enter()
    rig.followers.tell(TRADES, frame(1))
    late.take(ALL)
    rig.followers.unite(late)
    assert late.cohort is None
    [cohort] = rig.followers.cohorts()
    assert cohort.take() == [b"1"]
    rig.followers.unite(late)
    assert late.cohort is cohort
    rig.followers.tell(TRADES, frame(2))
    assert cohort.take() == [b"2"]
    assert not late.has_more


def test_a_full_cohort_is_followed_by_another(rig):
    with patch.object(followers_module, "MEMBERS_MAX", 2):
        first, second, third = rig.united(3)
    assert rig.members() == [[first, second], [third]]
    rig.followers.tell(TRADES, frame(1))
    assert [cohort.take() for cohort in rig.followers.cohorts()] == [[b"1"], [b"1"]]
    assert rig.followers.delivered_total == 3


def test_a_cohort_without_members_is_none_and_leaves_nothing_behind(rig):
    with patch.object(followers_module, "MEMBERS_MAX", 1):
        first, second = rig.united(2)
    first.stand_alone()
    assert rig.members() == [[second]]
    second.stand_alone()
    assert rig.members() == []
    assert (rig.followers._united, rig.followers._cohorts) == ({}, {})
    rig.followers.tell(TRADES, frame(1))
    assert [session.take(ALL) for session in (first, second)] == [[b"1"], [b"1"]]
    for session in (first, second):
        assert rig.followers.follow(TRADES)
        rig.followers.remove(session, TRADES)
    assert not rig.followers.follow(TRADES)
    assert rig.followers._alone == {}


def test_a_stream_that_only_a_cohort_follows_is_followed(rig):
    rig.united(1)
    assert rig.followers.follow(TRADES)
    assert not rig.followers.follow(STATUS)


def test_what_is_for_each_in_turn_finds_everybody_alone(rig):
    alone = rig.enter()
    one, other = rig.united(2)
    elsewhere = rig.enter("status")
    rig.followers.unite(elsewhere)
    rig.followers.tell(TRADES, frame(1))
    found = rig.followers.each(TRADES)
    assert [session for session, _ in found] == [alone, one, other]
    assert all(
        [subscription] == [*session.subscriptions.values()] for session, subscription in found
    )
    assert [session.take(ALL) for session, _ in found] == [[b"1"]] * 3
    assert rig.members() == [[elsewhere]]
    assert rig.followers.each(follower_of("ticker").key) == []


def test_a_frame_for_which_a_cohort_has_no_room_is_told_to_each_once(rig):
    alone = rig.enter()
    one, other = rig.united(2)
    rig.followers.tell(TRADES, frame(1, b"x" * MARK_BYTES))
    rig.followers.tell(TRADES, frame(2))
    assert rig.members() == []
    for session in (alone, one, other):
        assert session.take(ALL) == [b"x" * MARK_BYTES, b"2"]
    assert rig.followers.delivered_total == 6


TIGHT = Limits(outbox_bytes=1500, outbox_drained_bytes=500, waiting_bytes_max=1000)
BTC = partition_of("BTC-USD")
step = st.one_of(
    st.tuples(
        st.just("publish"),
        st.lists(
            st.sampled_from(["update", "trade", "ticker", "gap", "snapshot", "status", "begin"]),
            min_size=1,
            max_size=5,
        ),
    ),
    st.tuples(st.just("write"), st.booleans()),
    st.tuples(st.sampled_from(["beat", "answer", "rejoin", "lose", "restore"]), st.none()),
)


class Twins:
    """Two clients of whom the same is true, but that one of them is never one of many."""

    def __init__(self):
        self.fanout = Fanout(gateway_frames, TIGHT, lambda _: None)
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve(["BTC-USD"])
        self.source = Numbered()
        self.epochs = 1
        self.heard = defaultdict(list)
        self.run("publish", ["snapshot"])
        self.twins = self.alone, self.member = self._enter(), self._enter()
        self.others = [self._enter(), self._enter()]
        self.run("write", more=True)
        assert self.member.cohort is not None

    def run(self, kind, more=None):
        match kind:
            case "publish":
                for name in more:
                    self._happen(name)
                self.fanout.publish(self.source.take(), 1)
            case "write":
                self._write(takes=more)
            case "beat":
                self.fanout.beat("heartbeats", {None: b"beat"})
            case "answer":
                for session in self.twins:
                    session.put(b"answer")
            case "rejoin":
                for session in self.twins:
                    self.fanout.part(session, "level2", "BTC-USD")
                    self._join(session, "level2")
            case "lose":
                self.fanout.lose(BTC)
            case _:
                self.fanout.restore(BTC, partition_saved(self.source.saved()))

    def _enter(self):
        session = ClientSession(gateway_frames, TIGHT, 0, lambda: None)
        self.fanout.enter(session)
        for channel in ("level2", "trades", "ticker"):
            self._join(session, channel)
        session.join_beats("heartbeats", None)
        return session

    def _join(self, session, channel):
        self.fanout.join(session, channel, self.fanout.products["BTC-USD"], snapshot=True)
        session.put(b"joined")

    def _happen(self, name):
        if name == "begin":
            self.epochs += 1
            self.source.begin(f"run{self.epochs}")
        elif name == "status":
            self.source.status("halted")
        elif name != "update" or self.source.state == "live":
            getattr(self.source, name)()

    def _write(self, *, takes):
        """Write to all; the sockets of the twins take it, or not."""
        stuck = () if takes else self.twins
        for cohort in list(self.fanout._followers.cohorts()):
            members, messages = list(cohort.members), cohort.take()
            for session in members:
                if session in stuck:
                    cohort.release(session, messages)
                else:
                    self.heard[session] += messages
        for session in self.fanout.sessions:
            while session not in stuck and (messages := session.take(1)):
                self.heard[session] += messages
        for session in self.fanout.sessions:
            if session not in stuck and session is not self.alone:
                self.fanout.unite(session)


@settings(max_examples=150)
@given(st.lists(step, max_size=40))
def test_one_of_many_is_told_byte_for_byte_what_it_would_be_told_alone(steps):
    with patch.object(snapshot_module, "LEVELS_PER_PART", 1):
        twins = Twins()
        for kind, more in steps:
            twins.run(kind, more)
        twins.run("write", more=True)
    assert twins.alone.cohort is None
    assert twins.heard[twins.member] == twins.heard[twins.alone]
    alone, member = (session.statistics() for session in twins.twins)
    assert member.fell_behind_total == alone.fell_behind_total
    assert member.beats_skipped_total == alone.beats_skipped_total
