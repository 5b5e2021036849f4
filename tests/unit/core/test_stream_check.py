from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledgerflux.core.mirror import Mirror, Verdict
from ledgerflux.core.snapshot import Position
from ledgerflux.core.stream_check import HOLES_MAX, Findings, StreamCheck


class Checked:
    """A check at seq 10 of epoch e, and what it found."""

    def __init__(self, begin=True):
        self.findings = Findings()
        self.missed = Counter()
        self.check = StreamCheck(self.findings, self.miss)
        if begin:
            self.check.begin("e", 10)

    def miss(self, cause, count):
        self.missed[cause] += count

    @property
    def found(self):
        it = self.findings
        return (it.violations, it.duplicates, it.out_of_order, it.epochs, +self.missed)


@pytest.fixture
def one():
    return Checked()


CLEAN = (0, 0, 0, 0, Counter())


def snapshot(check, seq, part=(1, 1), *, epoch="e", prev=None, reason="slow", state="live"):
    check.snapshot(epoch, prev, seq, reason, part, state)


def test_data_that_continue_are_news(one):
    assert one.check.data("e", 10, 11)
    assert one.check.data("e", 11, 15)
    assert one.found == CLEAN
    assert one.check.seq == 15


def test_a_hole_is_counted_and_the_stream_goes_on(one):
    assert one.check.data("e", 12, 13)
    assert one.check.data("e", 13, 14)
    assert one.found == (1, 0, 0, 0, Counter(unannounced=2))
    assert one.findings.why == "data e/12..13 after 10"


def test_what_comes_again_is_a_duplicate(one):
    one.check.data("e", 10, 12)
    assert not one.check.data("e", 10, 12)
    assert one.found == (0, 2, 0, 0, Counter())


def test_what_comes_late_is_out_of_order_and_no_longer_missing(one):
    one.check.data("e", 15, 16)
    assert not one.check.data("e", 12, 13)
    assert one.found == (1, 0, 1, 0, Counter(unannounced=4))
    assert not one.check.data("e", 12, 13)
    assert one.found == (1, 1, 1, 0, Counter(unannounced=4))
    assert not one.check.data("e", 10, 12)
    assert not one.check.data("e", 13, 15)
    assert one.found == (1, 1, 5, 0, Counter())


def test_the_holes_remembered_are_bounded(one):
    for seq in range(12, 12 + 4 * HOLES_MAX, 2):
        one.check.data("e", seq - 1, seq)
    assert not one.check.data("e", 10, 11)
    assert one.findings.duplicates == 1


def test_data_that_overlap_are_news_and_a_duplicate(one):
    assert one.check.data("e", 8, 12)
    assert one.found == (1, 2, 0, 0, Counter())


def test_another_epoch_without_a_gap_is_a_violation(one):
    assert one.check.data("f", 0, 1)
    assert one.found == (1, 0, 0, 1, Counter())
    assert one.check.data("f", 1, 2)


def test_data_before_a_subscription_are_a_violation():
    one = Checked(begin=False)
    assert one.check.data("e", 4, 5)
    assert one.found == (1, 0, 0, 0, Counter())


def test_an_announced_gap_is_missing_for_its_cause(one):
    snapshot(one.check, 10)
    assert one.check.live
    assert one.check.gap("e", 11, 14, "slow_consumer", "stale") == 4
    assert one.found == (0, 0, 0, 0, Counter(slow_consumer=4))
    assert not one.check.live
    assert one.check.data("e", 14, 15)
    assert one.found[0] == 0


def test_an_empty_gap_only_tells_a_state(one):
    assert one.check.gap("e", 11, 10, "store", "stale") == 0
    assert one.found == CLEAN
    assert one.check.state == "stale"


def test_a_gap_begins_an_epoch_at_its_first_number(one):
    assert one.check.gap("f", 1, 3, "epoch", "resyncing") == 3
    assert one.found == (0, 0, 0, 1, Counter(epoch=3))


def test_a_gap_that_begins_an_epoch_later_is_a_violation(one):
    one.check.gap("f", 3, 3, "epoch", "resyncing")
    assert one.found == (1, 0, 0, 1, Counter(epoch=1, unannounced=2))


def test_a_gap_known_already_is_a_duplicate(one):
    assert one.check.gap("e", 8, 9, "upstream", "live") == 0
    assert one.found == (0, 1, 0, 0, Counter())


def test_a_gap_that_leaves_numbers_out_is_a_violation(one):
    assert one.check.gap("e", 13, 14, "upstream", "resyncing") == 2
    assert one.found == (1, 0, 0, 0, Counter(upstream=2, unannounced=2))


def test_a_gap_that_takes_back_what_was_sent_is_a_violation(one):
    assert one.check.gap("e", 9, 12, "upstream", "resyncing") == 2
    assert one.found == (1, 0, 0, 0, Counter(upstream=2))


def test_a_gap_before_a_subscription_is_a_violation():
    one = Checked(begin=False)
    one.check.gap("e", 5, 4, "store", "stale")
    assert one.found == (1, 0, 0, 0, Counter())


def test_a_book_is_live_after_the_last_part(one):
    snapshot(one.check, 10, (1, 3))
    snapshot(one.check, 10, (2, 3))
    assert not one.check.live
    snapshot(one.check, 10, (3, 3))
    assert one.check.live
    assert one.found == CLEAN


def test_a_book_of_another_state_is_not_live(one):
    snapshot(one.check, 10, state="suspect")
    assert not one.check.live


def test_a_part_out_of_order_is_a_violation(one):
    snapshot(one.check, 10, (1, 3))
    snapshot(one.check, 10, (3, 3))
    assert one.found == (1, 0, 0, 0, Counter())
    assert not one.check.live
    assert one.check.data("e", 10, 11)
    assert one.found[0] == 1


def test_data_inside_a_snapshot_are_a_violation(one):
    snapshot(one.check, 10, (1, 2))
    assert one.check.data("e", 10, 11)
    assert one.found == (1, 0, 0, 0, Counter())


def test_a_snapshot_that_is_an_event_continues_its_prev_seq(one):
    snapshot(one.check, 11, prev=10, reason="resync")
    assert one.found == CLEAN
    assert one.check.seq == 11


def test_a_snapshot_further_on_is_a_loss(one):
    snapshot(one.check, 14)
    assert one.found == (1, 0, 0, 0, Counter(unannounced=4))


def test_a_snapshot_that_goes_back_is_a_violation(one):
    snapshot(one.check, 9)
    assert one.found == (1, 0, 0, 0, Counter())
    assert one.check.seq == 9


def test_a_snapshot_of_another_epoch_is_a_violation(one):
    snapshot(one.check, 9, epoch="f")
    assert one.found == (1, 0, 0, 1, Counter())


def test_a_snapshot_asked_for_may_be_anywhere(one):
    snapshot(one.check, 40, reason="subscribe", epoch="f")
    assert one.found == CLEAN


def test_what_passed_between_two_connections_is_counted_apart(one):
    one.check.begin("e", 15)
    assert one.found == (0, 0, 0, 0, Counter(reconnect=5))
    one.check.begin("e", 15)
    one.check.begin("f", 2)
    assert one.found == (0, 0, 0, 1, Counter(reconnect=5))


def test_what_is_missing_up_to_a_head_is_counted(one):
    assert one.check.reached("e", 12) == 2
    assert one.check.reached("e", 9) == 0
    assert one.check.reached("f", 3) == 3
    assert Checked(begin=False).check.reached("e", 3) == 3


seqs = st.integers(8, 14)
messages = st.one_of(
    st.tuples(st.just("data"), st.sampled_from("ef"), seqs, st.integers(1, 2)),
    st.tuples(
        st.just("gap"), st.sampled_from("ef"), st.one_of(st.just(1), seqs), st.integers(-1, 2)
    ),
    st.tuples(st.just("snapshot"), st.sampled_from("ef"), seqs, st.integers(1, 2), st.booleans()),
)


def to_mirror(mirror, message):
    kind, epoch, seq, size, *free = message
    match kind:
        case "data":
            return mirror.data(epoch, seq, seq + size)
        case "gap":
            return mirror.gap(epoch, seq, seq + size, "live")
        case _:
            reason = "subscribe" if free[0] else "slow"
            mirror.state = "live"
            return mirror.snapshot(Position(epoch, seq), None, reason, (size, 2), ([], []))


def to_check(check, message):
    kind, epoch, seq, size, *free = message
    match kind:
        case "data":
            check.data(epoch, seq, seq + size)
        case "gap":
            check.gap(epoch, seq, seq + size, "upstream", "live")
        case _:
            reason = "subscribe" if free[0] else "slow"
            check.snapshot(epoch, None, seq, reason, (size, 2), "live")


@example([("snapshot", "e", 8, 1, True), ("snapshot", "e", 8, 2, True)])
@given(st.lists(messages, max_size=12))
def test_it_finds_what_a_mirror_finds_up_to_the_first_breach(sent):
    one, mirror = Checked(), Mirror(Position("e", 10))
    for message in sent:
        verdict = to_mirror(mirror, message)
        before = one.findings.violations
        to_check(one.check, message)
        if verdict is Verdict.BROKEN:
            assert one.findings.violations == before + 1
            return
        assert one.findings.violations == before
        assert one.check.live == mirror.live
        assert (one.check.epoch, one.check.seq) == mirror.position
