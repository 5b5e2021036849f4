import pytest

from ledgerflux_tui.present.durations import age_ns, dimmed, duration, is_stale, stale_mark

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("value_ns", "text"),
    [
        (None, "-"),
        (42_000_000, "42 ms"),
        (3_200_000_000, "3.2 s"),
        (33 * SECOND, "33 s"),
        (240 * SECOND, "4 min"),
        (7200 * SECOND, "2 h"),
        (3 * 86_400 * SECOND, "3 d"),
    ],
)
def test_times_are_read_by_people(value_ns, text):
    assert duration(value_ns) == text


def test_an_age_is_never_below_zero():
    assert age_ns(5, 7) == 2
    assert age_ns(7, 5) == 0
    assert age_ns(None, 5) is None


def test_what_is_older_than_two_seconds_is_marked():
    assert stale_mark(2 * SECOND) is None
    assert stale_mark(2 * SECOND + 1) == ("STALE 2.0 s", "warn")
    assert stale_mark(None) == ("STALE", "warn")
    assert [is_stale(age) for age in (0, 3 * SECOND, None)] == [False, True, True]


def test_a_kept_picture_is_dimmed_and_says_the_same():
    assert dimmed([[("a", "bid"), ("b", "bad")], []]) == [[("a", "stale"), ("b", "stale")], []]
