from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.market_profile import COLUMNS, MARKS_MAX, WIDTH_NS, Mark, Profiler


def profile_of(offsets):
    profiler = Profiler()
    for offset_ns in offsets:
        profiler.frame(offset_ns)
    return profiler.profile()


def test_frames_are_counted_in_columns_of_a_tenth_of_a_second():
    made = profile_of([0, 1, WIDTH_NS, 3 * WIDTH_NS + 1])
    assert (made.width_ns, made.frames) == (WIDTH_NS, (2, 1, 0, 1))
    assert (made.marks, made.marks_total) == ((), 0)


@given(st.lists(st.integers(0, 10**13), min_size=1).map(sorted))
def test_however_long_it_is_no_frame_is_lost_and_columns_are_few(offsets):
    made = profile_of(offsets)
    assert sum(made.frames) == len(offsets)
    assert len(made.frames) <= COLUMNS
    assert made.width_ns % WIDTH_NS == 0
    for column, frames in enumerate(made.frames):
        within = [o for o in offsets if o // made.width_ns == column]
        assert frames == len(within)


def test_marks_are_bounded_and_all_counted():
    profiler = Profiler()
    for number in range(MARKS_MAX + 3):
        profiler.mark("gap", number)
    made = profiler.profile()
    assert made.marks[0] == Mark("gap", 0)
    assert (len(made.marks), made.marks_total) == (MARKS_MAX, MARKS_MAX + 3)
