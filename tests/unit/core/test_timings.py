import pytest

from ledgerflux.core.timings import BOUNDS_S, Timings


@pytest.mark.parametrize(
    ("seconds", "cell"),
    [(0.0005, 0), (0.001, 0), (0.0011, 1), (0.1, BOUNDS_S.index(0.1)), (0.1001, 8), (99, 15)],
)
def test_a_duration_is_in_the_first_cell_that_is_as_long(seconds, cell):
    timings = Timings()
    timings.add(seconds, 3)
    assert [place for place, count in enumerate(timings.counts) if count] == [cell]
    assert timings.counts[cell] == 3
    assert timings.sum_s == pytest.approx(3 * seconds)


def test_a_tenth_of_a_second_is_a_boundary():
    assert 0.1 in BOUNDS_S


def test_clocks_that_disagree_take_nothing_from_the_sum():
    timings = Timings()
    timings.add(-5.0)
    assert (timings.counts[0], timings.sum_s) == (1, 0.0)


def test_the_total_of_many_is_all_of_them():
    one, other = Timings(), Timings()
    one.add(0.2)
    other.add(0.2)
    other.add(7.0)
    total = Timings.total([one, other])
    assert sum(total.counts) == 3
    assert total.sum_s == pytest.approx(7.4)
    assert sum(one.counts) == 1
