import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.histogram import (
    CELLS,
    FLOOR_MS,
    cell_of,
    percentile_ms,
    since,
    total_of,
    upper_ms,
)

MS = 1_000_000
LATENCIES = st.integers(min_value=0, max_value=10**12)
COUNTS = st.lists(st.integers(min_value=0, max_value=1000), max_size=CELLS)


def counted(values) -> list[int]:
    counts = [0] * CELLS
    for value in values:
        counts[cell_of(value)] += 1
    return counts


@given(LATENCIES)
def test_a_cell_counts_what_is_above_the_one_before_and_at_most_its_end(value):
    cell = cell_of(value)
    assert 0 <= cell < CELLS
    assert cell == 0 or value / MS > upper_ms(cell - 1) * (1 - 1e-9)
    assert cell == CELLS - 1 or value / MS <= upper_ms(cell) * (1 + 1e-9)


def test_the_cells_reach_from_a_sixteenth_of_a_millisecond_to_a_minute():
    assert cell_of(FLOOR_MS * MS) == 0
    assert cell_of(FLOOR_MS * MS + 1) == 1
    assert upper_ms(4) == 2 * FLOOR_MS
    assert cell_of(10**15) == CELLS - 1
    assert upper_ms(CELLS - 2) == 65_536.0


@given(COUNTS, COUNTS)
def test_what_was_added_to_a_histogram_is_found_again(then, more):
    now = total_of([then, more])
    assert since(now, total_of([then])) == total_of([more])


def test_where_counting_began_anew_everything_counts():
    assert since([1, 2], [1, 2, 3]) == [1, 2]
    assert since([1, 2, 9], [1, 3]) == [1, 2, 9]
    assert since([1, 2, 0], []) == [1, 2]


def test_nothing_sums_up_to_nothing():
    assert total_of([]) == []
    assert percentile_ms([], 0.5) is None
    assert percentile_ms([0, 0], 0.5) is None


@given(st.lists(LATENCIES, min_size=1), st.floats(min_value=0, max_value=1))
def test_a_percentile_lies_in_the_cell_of_the_exact_one(values, share):
    counts = counted(values)
    found_ms = percentile_ms(counts, share)
    exact = next(v for rank, v in enumerate(sorted(values), 1) if rank >= share * len(values))
    cell = cell_of(exact)
    assert found_ms <= upper_ms(cell) * (1 + 1e-9)
    assert cell == 0 or found_ms >= upper_ms(cell - 1) * (1 - 1e-9)


@pytest.mark.parametrize(("share", "ms"), [(0.0, 1.0), (0.5, 1.0946), (1.0, 1.1892)])
def test_within_a_cell_latencies_are_taken_as_spread_evenly(share, ms):
    assert percentile_ms(counted([1_100_000] * 8), share) == pytest.approx(ms, rel=1e-3)


def test_what_is_beyond_the_last_cell_is_told_as_its_lower_end():
    assert percentile_ms(counted([10**15]), 0.99) == upper_ms(CELLS - 2)
