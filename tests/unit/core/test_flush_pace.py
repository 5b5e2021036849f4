from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.flush_pace import DELAY_NS_MAX, KEPT, FlushPace

MS = 1_000_000


def paced(cost_ns, *, share=0.25):
    pace = FlushPace(share=share)
    for _ in range(KEPT):
        pace.spent(0, cost_ns)
    return pace


def test_the_first_flush_waits_for_nothing():
    assert FlushPace().delay_ns(5) == 0


def test_the_next_flush_waits_until_the_last_was_a_share_of_the_time():
    pace = paced(MS)
    assert pace.delay_ns(MS) == 3 * MS
    assert pace.delay_ns(4 * MS) == 0
    assert pace.delay_ns(9 * MS) == 0


def test_a_millisecond_of_writing_is_waited_for_less_than_three():
    pace = FlushPace()
    pace.spent(0, MS)
    assert 2 * MS <= pace.delay_ns(MS) < 3 * MS


def test_one_interrupted_flush_changes_nothing():
    pace = paced(MS)
    pace.spent(0, 500 * MS)
    assert pace.delay_ns(MS) == 3 * MS


def test_nothing_waits_longer_than_the_most():
    assert paced(100 * MS).delay_ns(0) == DELAY_NS_MAX


@given(st.lists(st.integers(1, 4 * MS), min_size=20, max_size=60))
def test_flushing_takes_no_more_than_its_share(costs):
    pace, now_ns, spent_ns = FlushPace(share=0.5), 0, 0
    constant_ns = max(costs)
    for _ in costs:
        now_ns += pace.delay_ns(now_ns)
        pace.spent(now_ns, now_ns + constant_ns)
        now_ns += constant_ns
        spent_ns += constant_ns
    assert spent_ns <= now_ns * 0.5 + constant_ns
