import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.backoff import Backoff

SECOND = 1_000_000_000


def test_the_bound_doubles_up_to_the_cap():
    backoff = Backoff(base_s=0.25, cap_s=3.0)
    assert [backoff.fail(1.0) for _ in range(6)] == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]
    assert backoff.failures == 6


def test_the_wait_is_drawn_from_the_whole_span():
    assert Backoff(base_s=8).fail(0.0) == 0.0
    assert Backoff(base_s=8).fail(0.5) == 4.0


def test_being_let_in_forgets_nothing_before_it_was_calm_long_enough():
    backoff = Backoff(base_s=1, calm_s=60)
    backoff.fail(1.0)
    backoff.clean(0)
    backoff.clean(60 * SECOND - 1)
    assert backoff.failures == 1
    backoff.clean(60 * SECOND)
    assert backoff.failures == 0
    assert backoff.fail(1.0) == 1.0


def test_a_failure_starts_the_calm_anew():
    backoff = Backoff(calm_s=60)
    backoff.clean(0)
    backoff.fail(1.0)
    backoff.clean(59 * SECOND)
    backoff.clean(118 * SECOND)
    assert backoff.failures == 1
    backoff.clean(119 * SECOND)
    assert backoff.failures == 0


def test_data_in_doubt_are_not_calm():
    backoff = Backoff(calm_s=60)
    backoff.fail(1.0)
    for second in range(600):
        backoff.clean(second * SECOND)
        if second % 59 == 58:
            backoff.doubt()
    assert backoff.failures == 1


@given(
    st.lists(st.floats(min_value=0, max_value=1, exclude_max=True), max_size=80),
    st.integers(min_value=1, max_value=1000),
)
def test_no_wait_is_ever_longer_than_the_cap(draws, cap_s):
    backoff = Backoff(cap_s=cap_s)
    assert all(0 <= backoff.fail(draw) <= cap_s for draw in draws)


def test_thousands_of_failures_still_have_a_wait():
    backoff = Backoff()
    for _ in range(5000):
        wait_s = backoff.fail(1.0)
    assert wait_s == pytest.approx(30.0)


def test_a_floor_is_waited_whatever_is_drawn():
    assert Backoff(base_s=1).fail(0.0, floor_s=60) == 60
    assert Backoff(base_s=1).fail(0.5, floor_s=60) == 60.5
