from ledgerflux.core.snapshot import LEVELS_PER_PART
from ledgerflux.core.terms import (
    DEPTH_DEFAULT,
    DEPTHS,
    GRID_MS,
    INTERVAL_S,
    INTERVALS,
    WHOLE,
    Terms,
)


def test_intervals_are_so_many_ticks_of_the_grid():
    for name, ticks in INTERVALS.items():
        unit = 1000 if name.endswith("s") and not name.endswith("ms") else 1
        assert ticks * GRID_MS == int(name.rstrip("ms")) * unit


def test_a_number_of_levels_fits_into_one_part():
    numbers = [depth for depth in DEPTHS if isinstance(depth, int)]
    assert max(numbers) * 2 <= LEVELS_PER_PART
    assert DEPTH_DEFAULT in numbers


def test_the_whole_is_everything_as_it_comes():
    assert Terms() == WHOLE == ("full", "none", None)


def test_candles_are_told_every_second_and_what_has_no_interval_comes_as_it_comes():
    assert {Terms(interval=interval).every for interval in INTERVAL_S} == {INTERVALS["1s"]}
    assert Terms(10, "250ms").every == INTERVALS["250ms"]
    assert (WHOLE.every, Terms(1, "latest").every) == (None, None)


def test_a_day_has_so_many_of_each_candle():
    assert all(INTERVAL_S["1d"] % seconds == 0 for seconds in INTERVAL_S.values())
