import pytest

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.frame import Frame
from ledgerflux.core.limits import Limits
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.wire import gateway_frames

STREAM = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
LIMITS = Limits(outbox_bytes=100, outbox_drained_bytes=50)
ALL = 1 << 20


def trades():
    return Subscription(STREAM, "trades", Position("run1", 0))


KEY = trades().key


def followed(session):
    (subscription,) = session.subscriptions.values()
    return subscription


def frame(seq, payload=b""):
    return Frame(Position("run1", seq - 1), Position("run1", seq), payload or b"%d" % seq)


class Rig:
    """A cohort of two that follow trades, and what it called back."""

    def __init__(self):
        self.woken, self.left = [], []
        wants = (frozenset([KEY]), frozenset())
        self.cohort = Cohort(wants, LIMITS.outbox_bytes, self.woken.append, self._alone)
        self.one, self.other = self.enter(), self.enter()

    def enter(self):
        session = ClientSession(gateway_frames, LIMITS, 0, lambda: self.woken.append(session))
        session.join(trades(), catch_up=False)
        self.cohort.add(session)
        return session

    def tell(self, *seqs):
        for seq in seqs:
            self.cohort.offer(KEY, frame(seq))

    def _alone(self, cohort, session):
        assert cohort is self.cohort
        self.left.append(session)


@pytest.fixture
def rig():
    return Rig()


def test_what_is_told_is_queued_once_for_all_and_wakes_once_until_it_is_taken(rig):
    rig.tell(1, 2)
    rig.cohort.beat(b"beat")
    assert rig.woken == [rig.cohort]
    assert rig.cohort.size == len(b"12beat")
    assert rig.cohort.take() == [b"1", b"2", b"beat"]
    assert (rig.cohort.take(), rig.cohort.size) == ([], 0)
    rig.tell(3)
    assert rig.woken == [rig.cohort] * 2
    assert [session.outbox.size for session in (rig.one, rig.other)] == [0, 0]


def test_who_leaves_takes_along_what_was_not_written_once_and_in_order(rig):
    rig.tell(1, 2)
    rig.one.put(b"answer")
    assert rig.one.take(ALL) == [b"1", b"2", b"answer"]
    assert rig.one.cohort is None
    assert rig.left == [rig.one]
    assert followed(rig.one).position == Position("run1", 2)
    assert list(rig.cohort.members) == [rig.other]
    rig.tell(3)
    assert rig.cohort.take() == [b"1", b"2", b"3"]
    assert not rig.one.has_more


def test_who_could_not_be_written_to_gets_what_was_taken_before_what_came_since(rig):
    rig.tell(1, 2)
    taken = rig.cohort.take()
    rig.tell(3)
    rig.cohort.release(rig.one, taken)
    assert rig.one.take(ALL) == [b"1", b"2", b"3"]
    assert rig.cohort.take() == [b"3"]


def test_who_leaves_with_everything_written_is_not_woken_and_goes_on_from_there(rig):
    rig.tell(1)
    rig.cohort.take()
    rig.woken.clear()
    rig.one.stand_alone()
    assert rig.woken == []
    rig.one.offer(followed(rig.one), frame(2))
    assert rig.one.take(ALL) == [b"2"]


def test_a_frame_that_would_pass_the_mark_is_for_each_alone_who_may_then_fall_behind(rig):
    rig.tell(1)
    rig.cohort.offer(KEY, frame(2, b"x" * 99))
    assert rig.left == []
    rig.tell(3)
    assert rig.left == [rig.one, rig.other]
    assert not rig.cohort.members
    assert rig.one.take(ALL) == [b"1", b"x" * 99, b"3"]
    for session in (rig.one, rig.other):
        session.offer(followed(session), frame(4))
    assert rig.one.take(ALL) == [b"4"]
    assert followed(rig.other).behind
    behind = [session.statistics().fell_behind_total for session in (rig.one, rig.other)]
    assert behind == [0, 1]


def test_a_beat_that_would_pass_the_mark_is_for_each_alone_who_may_then_be_left_out(rig):
    rig.cohort.beat(b"x" * 100)
    assert rig.left == []
    rig.cohort.beat(b"beat")
    assert rig.left == [rig.one, rig.other]
    assert rig.one.take(ALL) == [b"x" * 100, b"beat"]
    for session in (rig.one, rig.other):
        session.beat(b"next")
    skipped = [session.statistics().beats_skipped_total for session in (rig.one, rig.other)]
    assert skipped == [0, 1]


def test_a_frame_from_anywhere_moves_the_place_of_all(rig):
    rig.cohort.offer(KEY, Frame(None, Position("run2", 0), b"gap"))
    rig.cohort.offer(KEY, Frame(Position("run2", 0), Position("run2", 1), b"first"))
    for session in rig.cohort.dissolve():
        assert session.take(ALL) == [b"gap", b"first"]
        assert followed(session).position == Position("run2", 1)


def test_a_frame_that_does_not_continue_what_was_told_is_a_bug(rig):
    rig.tell(1)
    with pytest.raises(AssertionError):
        rig.tell(3)


def test_to_join_while_something_is_queued_is_a_bug(rig):
    rig.tell(1)
    with pytest.raises(AssertionError):
        rig.enter()


def newest(seq):
    return Frame(None, Position("run1", seq), b"newest %d" % seq, newest=True)


def test_of_a_stream_that_is_only_newest_the_newest_is_sent(rig):
    for seq in (1, 2, 3):
        rig.cohort.offer(KEY, newest(seq))
    assert rig.woken == [rig.cohort]
    assert rig.cohort.waits
    assert rig.cohort.take() == [b"newest 3"]
    assert not rig.cohort.waits
    rig.cohort.release(rig.one, [b"newest 3"])
    assert followed(rig.one).position == Position("run1", 3)
    assert rig.one.take(ALL) == [b"newest 3"]


def test_who_leaves_before_the_newest_was_sent_takes_it_along(rig):
    rig.cohort.offer(KEY, newest(4))
    rig.cohort.release(rig.one)
    assert followed(rig.one).position == Position("run1", 0)
    assert rig.one.take(ALL) == [b"newest 4"]
    assert followed(rig.one).position == Position("run1", 4)


def test_what_follows_the_newest_is_told_after_it(rig):
    rig.cohort.offer(KEY, newest(4))
    rig.tell(5)
    assert rig.cohort.take() == [b"newest 4", b"5"]
    assert rig.cohort.size == 0
