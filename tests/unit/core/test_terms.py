from ledgerflux.core.snapshot import LEVELS_PER_PART
from ledgerflux.core.terms import DEPTH_DEFAULT, DEPTHS, GRID_MS, INTERVALS, WHOLE, Terms


def test_intervals_are_so_many_ticks_of_the_grid():
    for name, ticks in INTERVALS.items():
        unit = 1000 if name.endswith("s") and not name.endswith("ms") else 1
        assert ticks * GRID_MS == int(name.rstrip("ms")) * unit


def test_a_number_of_levels_fits_into_one_part():
    numbers = [depth for depth in DEPTHS if isinstance(depth, int)]
    assert max(numbers) * 2 <= LEVELS_PER_PART
    assert DEPTH_DEFAULT in numbers


def test_the_whole_is_everything_as_it_comes():
    assert Terms() == WHOLE == ("full", "none")
