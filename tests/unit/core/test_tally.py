import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.tally import THREE_DIGITS, TWO_DIGITS, Tally, cell_of, percentile

values = st.integers(0, 2**48)


@given(values)
def test_a_cell_holds_its_value_to_three_digits(value):
    cell = cell_of(value)
    assert cell <= value
    assert value - cell <= value / 1000
    assert cell_of(cell) == cell


@given(values, values)
def test_cells_keep_the_order_of_values(one, other):
    assert (cell_of(one) <= cell_of(other)) or one > other


def test_small_values_have_a_cell_each():
    assert [cell_of(value) for value in (0, 1, 2047, 2049)] == [0, 1, 2047, 2048]
    assert [cell_of(value, TWO_DIGITS) for value in (255, 257)] == [255, 256]


@given(values)
def test_a_coarse_tally_holds_two_digits(value):
    tally = Tally(TWO_DIGITS)
    tally.add(value)
    [(cell, count)] = tally.take()
    assert count == 1
    assert value - cell <= value / 100


def test_what_was_taken_is_not_taken_again():
    tally = Tally()
    for value in (5, 5, -3):
        tally.add(value)
    tally.add(9, 4)
    assert sorted(tally.take()) == [(0, 1), (5, 2), (9, 4)]
    assert tally.take() == []


@given(
    st.lists(values | st.integers(2**11 - 2, 2**11 + 2)),
    st.sampled_from([TWO_DIGITS, THREE_DIGITS]),
)
def test_all_at_once_count_as_one_by_one(several, bits):
    together, one_by_one = Tally(bits), Tally(bits)
    for tally in (together, one_by_one):
        tally.add(2048)
    together.add_all(several)
    for value in several:
        one_by_one.add(value)
    assert together.cells == one_by_one.cells


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 1000))
def test_a_ramp_counts_as_many_as_it_was_told_between_its_ends(one, other, count):
    tally = Tally()
    lowest, highest = sorted((one, other))
    tally.add_ramp(highest, lowest, count)
    cells = tally.take()
    assert sum(number for _, number in cells) == count
    assert all(cell_of(lowest) <= cell <= highest for cell, _ in cells)


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (0.5, 2), (0.75, 3), (1, 100)])
def test_a_percentile_is_the_cell_that_holds_it(share, expected):
    cells = [(100, 1), (3, 1), (1, 1), (2, 1)]
    assert percentile(cells, share) == expected


def test_nothing_has_no_percentile():
    assert percentile([], 0.5) is None
