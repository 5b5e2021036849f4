import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.market_clock import END_OF_TIME, MarketClock

LEVEL2 = ("level2", "A-B")
TRADES = ("trades", "A-B")
ALL = frozenset({LEVEL2, TRADES})
NONE = frozenset()


def clock(speed=1.0, *, paused=False):
    made = MarketClock(speed, paused=paused)
    made.wait_for(ALL, 100, 50)
    return made


def test_it_runs_when_everything_awaited_is_held():
    made = clock()
    assert not made.try_run(frozenset({LEVEL2}), 1)
    assert made.offset_ns(1) == 100
    assert made.when_ns(100, 1) is None
    assert made.try_run(ALL | {("ticker", "A-B")}, 2)
    assert made.running
    assert not made.try_run(ALL, 3)


def test_it_runs_without_some_when_the_allowance_is_over():
    made = clock()
    made.arm(10)
    made.arm(30)
    assert made.when_ns(100, 10) == 60
    assert not made.try_run(NONE, 59)
    assert made.try_run(NONE, 60)


def test_nothing_starts_it_while_it_is_paused():
    made = clock(paused=True)
    made.arm(0)
    assert not made.try_run(ALL, 1_000)
    assert made.when_ns(100, 1_000) is None
    made.paused = False
    assert made.try_run(NONE, 1_000)


def test_arming_a_running_clock_means_nothing():
    made = clock()
    made.try_run(ALL, 5)
    made.arm(5)
    assert made.when_ns(None, 6) is None


def test_waiting_again_stops_it_where_it_is_told():
    made = clock()
    made.try_run(ALL, 0)
    made.wait_for(frozenset({LEVEL2}), 777, 50)
    assert not made.running
    assert made.awaited == {LEVEL2}
    assert made.offset_ns(10_000) == 777
    assert made.try_run(ALL, 10_000)
    assert made.offset_ns(10_003) == 777 + 4


@pytest.mark.parametrize(("speed", "when"), [(1.0, 1_500), (2.0, 1_250), (0.5, 2_000)])
def test_speed_divides_the_wait(speed, when):
    made = clock(speed)
    made.try_run(ALL, 1_000)
    assert made.when_ns(600, 1_000) == when


def test_at_speed_max_everything_is_due_at_once():
    made = clock(None)
    made.try_run(ALL, 1_000)
    assert made.offset_ns(1_000) == END_OF_TIME
    assert made.when_ns(600, 1_000) == 1_000
    assert made.when_ns(None, 1_000) is None


@given(
    speed=st.floats(min_value=0.001, max_value=10_000),
    ahead_ns=st.integers(min_value=0, max_value=10**15),
)
def test_what_is_announced_for_a_time_is_due_at_that_time(speed, ahead_ns):
    made = clock(speed)
    made.try_run(ALL, 0)
    offset_ns = 100 + ahead_ns
    when_ns = made.when_ns(offset_ns, 0)
    slack = ahead_ns * 1e-15 + speed + 1
    assert made.offset_ns(when_ns) >= offset_ns - slack
    assert abs(when_ns - ahead_ns / speed) <= max(1, ahead_ns / speed * 1e-12)


def test_a_halted_clock_stands_where_the_market_is():
    made = clock(2.0)
    made.try_run(ALL, 0)
    assert made.reached_ns(None, 10) == 121
    assert made.reached_ns(110, 10) == 110
    made.halt(110, 10)
    made.paused = True
    assert (made.running, made.offset_ns(99), made.awaited) == (False, 110, NONE)
    assert not made.try_run(ALL, 20)
    made.paused = False
    assert made.free(NONE, 20)
    assert made.try_run(NONE, 20)
    assert made.when_ns(130, 20) == 30


def test_halting_what_stands_changes_nothing():
    made = clock()
    made.halt(7, 10)
    assert (made.offset_ns(10), made.awaited) == (100, ALL)
    made.place(400)
    assert (made.offset_ns(10), made.awaited) == (400, ALL)


def test_another_speed_counts_from_here_on():
    made = clock(1.0)
    made.try_run(ALL, 0)
    made.pace(10.0, 105, 5)
    assert made.when_ns(205, 5) == 15
    made.pace(None, 205, 15)
    assert made.offset_ns(16) == END_OF_TIME
    made.pace(1.0, 205, 16)
    assert made.offset_ns(16) == 206
    other = clock()
    other.pace(4.0, None, 3)
    assert (other.speed, other.offset_ns(5)) == (4.0, 100)
