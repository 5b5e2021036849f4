import pytest
from tui_health import NOW_NS, a_latency, a_stack, counted

from ledgerflux.core.histogram import percentile_ms
from ledgerflux_tui.state.pipeline import END_TO_END, WINDOW_MAX_S, Pipeline

SECOND = 1_000_000_000


def way(*rows, **processes):
    """Return a status in which the whole way took what is counted."""
    told = {name: counted(*some) for name, some in processes.items()} or {"gateway": counted(*rows)}
    return a_stack(end_to_end=a_latency(**told))


def told(*statuses, every_s=1.0):
    pipeline = Pipeline()
    for at, status in enumerate(statuses):
        pipeline.take(status, NOW_NS + int(at * every_s * SECOND))
    return pipeline


def test_the_seconds_between_two_statuses_are_told():
    pipeline = Pipeline()
    assert pipeline.take(a_stack(), NOW_NS) == 0.0
    assert pipeline.take(a_stack(), NOW_NS + SECOND // 4) == 0.25


def test_rates_are_measured_over_about_a_second_however_often_statuses_come():
    pipeline = told(*(a_stack() for _ in range(25)), every_s=0.1)
    assert 0.9 <= pipeline.sample.seconds <= 1.9
    assert pipeline.sample.now_ns - NOW_NS == 24 * SECOND // 10
    first = told(a_stack())
    assert first.sample.before is None


def test_p99_of_each_stage_that_measures_one_is_kept():
    pipeline = told(a_stack(), a_stack())
    assert set(pipeline.p99) == {"ingest", "normalize", "snapshot", "gateway", END_TO_END}
    assert list(pipeline.p99["gateway"].values) == [4.4, 4.4]


def test_a_window_is_what_was_counted_between_two_looks():
    pipeline = told(way((1, 5)), way((1, 5), (8, 2)), way((1, 6), (8, 2), (50, 1)))
    assert pipeline.window(END_TO_END, 1.0) == (counted((1, 1), (50, 1)), 1.0)
    assert pipeline.window(END_TO_END, 2.0) == (counted((1, 1), (8, 2), (50, 1)), 2.0)


def test_a_window_longer_than_what_is_known_says_how_much_that_is():
    assert told(way((1, 5)), way((1, 7))).window(END_TO_END, 60) == (counted((1, 2)), 1.0)
    assert Pipeline().window(END_TO_END, 60) == ([], 0.0)
    assert told(way((1, 5))).window("nothing", 10) == ([], 0.0)


def test_a_process_that_began_anew_counts_from_its_start():
    pipeline = told(
        way(a=[(1, 500)], b=[(2, 40)]),
        way(a=[(1, 3)], b=[(2, 41)]),
    )
    assert pipeline.window(END_TO_END, 10).counts == counted((1, 3), (2, 1))


def test_each_second_is_held_to_the_aim():
    pipeline = told(way((1, 10)), way((1, 110)), way((1, 110), (800, 9)), way((1, 110), (800, 9)))
    assert list(pipeline.met.values) == [True, False, None]


def test_looks_are_one_a_second_and_bounded():
    pipeline = told(*(way((1, at)) for at in range(60)), every_s=0.1)
    assert len(pipeline.looks) <= 7
    pipeline = told(*(way((1, at)) for at in range(2 * WINDOW_MAX_S)))
    assert len(pipeline.looks) <= 111
    for seconds in (10, 60):
        window = pipeline.window(END_TO_END, seconds)
        assert (sum(window.counts), window.seconds) == (seconds, float(seconds))
    window = pipeline.window(END_TO_END, 300)
    assert sum(window.counts) == window.seconds == pytest.approx(300, abs=2.5)
    assert percentile_ms(window.counts, 0.5) == pytest.approx(1.0, rel=0.2)


def test_a_long_window_grows_with_what_is_known():
    for known_s in (1, 59, 60, 61, 62, 66, 119, 299, 300):
        pipeline = told(*(way((1, at)) for at in range(known_s + 1)))
        assert pipeline.window(END_TO_END, 300).seconds == known_s


def test_a_gateway_that_tells_of_no_stages_is_understood():
    less = {key: value for key, value in a_stack().items() if key not in ("stages", "end_to_end")}
    pipeline = told(less, less)
    assert (pipeline.p99, pipeline.met.values) == ({}, pipeline.met.values.__class__(maxlen=60))
