import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.sequence import Judgement, SequenceTracker, Verdict

ACCEPT, HOLE, REPEAT = Verdict.ACCEPT, Verdict.HOLE, Verdict.REPEAT
numbers = st.lists(st.integers(min_value=0, max_value=30), max_size=60)


@pytest.mark.parametrize(
    ("expected", "given_numbers", "judgements"),
    [
        (None, [7, 8, 9], [(ACCEPT, 0)] * 3),
        (0, [0, 1], [(ACCEPT, 0)] * 2),
        (0, [1, 2], [(HOLE, 1), (ACCEPT, 0)]),
        (0, [0, 0, 1], [(ACCEPT, 0), (REPEAT, 0), (ACCEPT, 0)]),
        (0, [0, 2, 1, 3], [(ACCEPT, 0), (HOLE, 1), (REPEAT, 0), (ACCEPT, 0)]),
        (5, [9, 10, 0], [(HOLE, 4), (ACCEPT, 0), (REPEAT, 0)]),
        (0, [2**53, 2**53 + 1], [(HOLE, 2**53), (ACCEPT, 0)]),
    ],
)
def test_each_number_must_be_one_more(expected, given_numbers, judgements):
    tracker = SequenceTracker(expected)
    found = [tracker.receive(number) for number in given_numbers]
    assert found == [Judgement(*judgement) for judgement in judgements]


@given(numbers)
def test_what_was_taken_and_what_was_missing_is_every_number_once(received):
    tracker = SequenceTracker(0)
    covered = []
    for number in received:
        verdict, missing = tracker.receive(number)
        if verdict is REPEAT:
            assert number in covered
            continue
        covered += range(number - missing, number + 1)
    assert covered == list(range(tracker.expected))


@given(numbers)
def test_a_tracker_made_from_another_goes_on_like_it(received):
    tracker = SequenceTracker()
    for number in received:
        twin = SequenceTracker(tracker.expected)
        assert twin.receive(number) == tracker.receive(number)
        assert twin.expected == tracker.expected
