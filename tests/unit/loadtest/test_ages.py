import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.tally import TWO_DIGITS, Tally, cell_of
from ledgerflux.loadtest.ages import NOTED_MAX, Ages


@pytest.fixture
def shared():
    return Tally()


@given(st.lists(st.lists(st.integers(0, 10**7), max_size=NOTED_MAX + 2), max_size=8))
def test_every_age_counts_once_with_all_and_with_its_own(pieces):
    shared = Tally()
    ages = Ages(shared)
    for values_us in pieces:
        ages.add(values_us)
    ages.settle()
    expected, every = Tally(), [value for values_us in pieces for value in values_us]
    for value in every:
        expected.add(value)
    assert shared.cells == expected.cells
    assert ages.total == len(every)
    assert ages.highest_us == max(every, default=None)
    wanted = cell_of(max(every), TWO_DIGITS) if every else None
    assert ages.percentile(1) == wanted


def test_many_are_tallied_by_themselves(shared):
    ages = Ages(shared)
    ages.add([5] * (NOTED_MAX - 1))
    assert shared.cells == {}
    ages.add([7])
    assert shared.cells == {5: NOTED_MAX - 1, 7: 1}
    assert (ages.total, ages.highest_us) == (NOTED_MAX, 7)


def test_what_was_tallied_is_not_tallied_again(shared):
    ages = Ages(shared)
    ages.add([9])
    for _ in range(2):
        ages.settle()
    assert shared.take() == [(9, 1)]
    ages.add([3])
    ages.settle()
    assert shared.take() == [(3, 1)]
    assert (ages.total, ages.highest_us) == (2, 9)


def test_two_clients_share_one_tally_and_keep_their_own(shared):
    one, other = Ages(shared), Ages(shared)
    one.add([5])
    other.add([9])
    for ages in (one, other):
        ages.settle()
    assert shared.cells == {5: 1, 9: 1}
    assert (one.percentile(1), other.percentile(0)) == (5, 9)


def test_what_a_gap_leaves_out_has_ages_and_is_no_update(shared):
    ages = Ages(shared)
    ages.add([30])
    ages.settle()
    ages.add_ramp(100, 10)
    assert sum(shared.cells.values()) == 11
    assert (ages.total, ages.highest_us) == (1, 100)
    ages.add_ramp(40, 10)
    assert ages.highest_us == 100
    assert (ages.percentile(0), ages.percentile(1)) == (2, 95)


def test_who_had_nothing_has_no_age(shared):
    ages = Ages(shared)
    ages.settle()
    assert (ages.total, ages.highest_us, ages.percentile(0.5)) == (0, None, None)
