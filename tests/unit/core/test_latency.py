import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.histogram import cell_of
from ledgerflux.core.latency import SHARES, Latencies, LatencyWindow, slowest
from ledgerflux.core.timings import BOUNDS_S

MS = 1_000_000


def test_without_latencies_there_is_no_percentile():
    assert LatencyWindow().percentile_ms(0.5) is None


@pytest.mark.parametrize(("share", "expected_ms"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_share_of_all_latencies_lies_below_its_percentile(share, expected_ms):
    window = LatencyWindow()
    for ms in range(1, 101):
        window.add(ms * MS)
    assert expected_ms <= window.percentile_ms(share) <= expected_ms * 1.021


def test_spans_that_fell_out_of_the_window_count_no_more():
    window = LatencyWindow(slots=2)
    window.add(100 * MS)
    window.turn()
    window.add(1 * MS)
    assert window.percentile_ms(1.0) > 99
    window.turn()
    assert window.percentile_ms(1.0) < 2
    window.turn()
    assert window.percentile_ms(1.0) is None


def test_clocks_that_disagree_are_shown_not_hidden():
    window = LatencyWindow()
    window.add(-5 * MS)
    window.add(0)
    assert window.negative_total == 1
    assert window.percentile_ms(1.0) == pytest.approx(0.001, rel=0.03)


@given(
    st.lists(st.integers(min_value=1000, max_value=10**11), min_size=1, max_size=50),
    st.floats(min_value=0.01, max_value=1),
)
def test_a_percentile_is_never_below_the_exact_one_and_at_most_two_buckets_above(values, share):
    window = LatencyWindow()
    for value in values:
        window.add(value)
    wanted = share * len(values)
    ordered = sorted(values)
    exact_ns = next(value for rank, value in enumerate(ordered, 1) if rank >= wanted)
    assert exact_ns / MS - 0.001 <= window.percentile_ms(share) <= exact_ns / MS * 1.041 + 0.001


def test_several_percentiles_are_those_of_one_each():
    window = LatencyWindow()
    assert window.percentiles_ms(SHARES) == [None] * 4
    for ms in (1, 5, 5, 80, 900):
        window.add(ms * MS)
    assert window.percentiles_ms(SHARES) == [window.percentile_ms(share) for share in SHARES]


def test_many_of_the_same_count_as_often():
    one, many = LatencyWindow(), LatencyWindow()
    for _ in range(5):
        one.add(3 * MS)
        one.add(-1)
    many.add(3 * MS, 5)
    many.add(-1, 5)
    for window in (one, many):
        window.turn()
    assert many.histogram == one.histogram
    assert (many.negative_total, one.negative_total) == (5, 5)


def test_the_histogram_keeps_what_the_window_forgets():
    window = LatencyWindow(slots=1)
    window.add(100 * MS)
    assert sum(window.histogram) == 0
    window.turn()
    window.add(7 * MS)
    window.turn()
    assert window.percentile_ms(0.5) is None
    assert window.histogram[cell_of(100 * MS)] == 1
    assert sum(window.histogram) == 2


def test_of_several_windows_the_slowest_is_told_and_all_are_counted():
    fast, slow, none = LatencyWindow(), LatencyWindow(), LatencyWindow()
    fast.add(1 * MS)
    slow.add(50 * MS)
    for window in (fast, slow):
        window.turn()
    told = slowest([fast, slow, none])
    assert told[:4] == tuple(slow.percentiles_ms(SHARES))
    assert sum(told.histogram) == 2
    assert slowest([none]) == Latencies(histogram=[])
    assert slowest([]) == Latencies(histogram=[])


def test_what_took_longer_than_a_tenth_of_a_second_is_told_apart():
    window = LatencyWindow()
    window.add(round(99.9 * MS), 3)
    window.add(round(100.1 * MS), 2)
    assert sum(window.timings.counts) == 0
    window.turn()
    assert window.timings.counts[BOUNDS_S.index(0.1)] == 3
    assert window.timings.counts[BOUNDS_S.index(0.1) + 1] == 2
    assert window.timings.sum_s == pytest.approx(0.5, rel=0.02)
