from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.state.seconds import Seconds

SECOND = 1_000_000_000


def test_of_several_values_in_one_second_the_last_counts():
    ring = Seconds[int](60)
    ring.put(1, 5 * SECOND)
    ring.put(2, 5 * SECOND + 900_000_000)
    ring.put(3, 6 * SECOND)
    assert list(ring.values) == [2, 3]


def test_a_second_without_any_leaves_a_hole():
    ring = Seconds[int](60)
    ring.put(1, 5 * SECOND)
    ring.put(2, 8 * SECOND)
    assert list(ring.values) == [1, None, None, 2]


def test_a_clock_that_went_back_adds_nothing():
    ring = Seconds[int](60)
    ring.put(1, 5 * SECOND)
    ring.put(2, 4 * SECOND)
    assert list(ring.values) == [2]


@given(st.lists(st.integers(min_value=0, max_value=10**13)))
def test_there_are_never_more_than_asked_for(times):
    ring = Seconds[int](7)
    for at_ns in sorted(times):
        ring.put(at_ns, at_ns)
    assert len(ring.values) <= 7
    assert not times or ring.values[-1] == max(times)
