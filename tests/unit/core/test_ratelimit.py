from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.ratelimit import TokenBucket

SECOND = 1_000_000_000


def test_burst_passes_at_once_then_the_wait_is_told():
    bucket = TokenBucket(10, 20, 0)
    assert [bucket.take(0) for _ in range(20)] == [0] * 20
    assert bucket.take(0) == SECOND // 10
    assert bucket.take(SECOND // 20) == SECOND // 20


def test_a_token_is_there_exactly_after_the_wait_told():
    bucket = TokenBucket(10, 1, 0)
    assert bucket.take(0) == 0
    wait_ns = bucket.take(1)
    assert bucket.take(1 + wait_ns - 1) == 1
    assert bucket.take(1 + wait_ns) == 0


def test_a_clock_that_steps_back_gives_nothing():
    bucket = TokenBucket(1, 1, 10 * SECOND)
    assert bucket.take(10 * SECOND) == 0
    assert bucket.take(5 * SECOND) > 0
    assert bucket.take(11 * SECOND) == 0


@given(st.lists(st.integers(min_value=0, max_value=SECOND), max_size=60))
def test_never_more_than_burst_and_rate_allow(steps):
    bucket = TokenBucket(5, 3, 0)
    now = passed = 0
    for step in steps:
        now += step
        passed += bucket.take(now) == 0
    assert passed <= 3 + now * 5 // SECOND


def test_a_rate_may_be_one_of_minutes_and_a_take_of_several():
    bucket = TokenBucket(20, 20, 0, per_s=60)
    assert bucket.take(0, 15) == 0
    assert bucket.take(0, 6) == 3 * SECOND
    assert bucket.take(0, 5) == 0
    assert bucket.take(3 * SECOND) == 0
