import pytest

from ledgerflux_tui.clock import CALM_S, OVER_MAX, WAIT_MIN_S, Beat, Pace, is_due


def test_work_that_takes_too_long_lowers_the_pace_to_half_and_a_fifth():
    pace = Pace(10)
    for _ in range(OVER_MAX - 1):
        pace.worked(0.030)
    assert pace.fps == 10
    pace.worked(0.030)
    assert pace.fps == 5
    for _ in range(OVER_MAX):
        pace.worked(0.030)
    assert pace.fps == 2
    for _ in range(OVER_MAX):
        pace.worked(0.030)
    assert pace.fps == 2, "there is nothing lower"


def test_one_slow_tick_among_others_changes_nothing():
    pace = Pace(10)
    for _ in range(50):
        pace.worked(0.030)
        pace.worked(0.001)
    assert pace.fps == 10


def test_calm_raises_it_again():
    pace = Pace(10)
    for _ in range(OVER_MAX):
        pace.worked(0.030)
    for _ in range(int(CALM_S * 5) + 1):
        pace.worked(0.001)
    assert pace.fps == 10


def test_there_is_always_one_frame_a_second():
    pace = Pace(1)
    for _ in range(3 * OVER_MAX):
        pace.worked(1)
    assert pace.fps == 1


@pytest.mark.parametrize(
    ("fps", "hz", "due"), [(10, 10, 10), (10, 2, 2), (5, 2, 4), (2, 10, 10), (30, 10, 4)]
)
def test_a_panel_is_pulled_no_more_often_than_it_asks(fps, hz, due):
    assert sum(is_due(tick, fps, hz) for tick in range(10)) == due


def test_a_late_frame_delays_no_other():
    beat, now_s, times = Beat(), 100.0, []
    for late_s in (0.0, 0.03, 0.0, 0.02, 0.0):
        now_s += beat.wait_s(now_s, 10.0) + late_s
        times.append(round(now_s - late_s, 6))
    steps = [round(later - times[0], 6) for later in times[2:]]
    assert steps == [pytest.approx(0.2), pytest.approx(0.3), pytest.approx(0.4)]


def test_frames_that_were_missed_are_left_out():
    beat = Beat()
    beat.wait_s(10.0, 10.0)
    assert beat.wait_s(20.0, 10.0) == pytest.approx(WAIT_MIN_S)
    assert beat.wait_s(20.1, 10.0) == pytest.approx(WAIT_MIN_S)
    assert beat.wait_s(20.1, 10.0) <= 0.1
