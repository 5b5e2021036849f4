from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.present.spark import spark

rows = st.lists(st.none() | st.floats(-1e9, 1e9), max_size=60)


def test_the_newest_values_stand_at_the_right():
    assert spark([1, 2, 3, None, 5, 9, 3], 10) == "   ▁▂▃ ▅█▃"
    assert spark([9, 0, 1], 2) == "▁█"
    assert spark([Decimal("1.5"), Decimal("2.5")], 2) == "▁█"


def test_a_row_that_stands_still_is_in_the_middle_and_zero_on_the_floor():
    assert spark([2, 2], 4) == "  ▄▄"
    assert spark([0, 0], 2, floor=0) == "▁▁"
    assert spark([2, 4], 2, floor=0) == "▅█"
    assert spark([-4, 4], 2, floor=0) == "▁█"


def test_ascii_has_five_marks():
    assert spark([0, 1, 2, 3, 4], 5, ascii_only=True) == "_.-=#"


def test_nothing_known_shows_nothing():
    assert spark([], 3) == "   " == spark([None], 3)
    assert spark([1], 0) == ""


@given(rows, st.integers(0, 40), st.booleans(), st.none() | st.floats(-10, 10))
def test_a_sparkline_has_the_width_it_was_given_and_its_highest_mark_on_top(
    values, width, ascii_only, floor
):
    text = spark(values, width, ascii_only=ascii_only, floor=floor)
    assert len(text) == width
    shown = values[-width:] if width else []
    for value, mark in zip(reversed(shown), reversed(text), strict=False):
        assert (mark == " ") == (value is None)
        higher = [
            other for one, other in zip(reversed(shown), reversed(text), strict=False)
            if None not in (one, value) and one > value
        ]  # fmt: skip
        order = "_.-=#" if ascii_only else "▁▂▃▄▅▆▇█"
        assert all(order.index(other) >= order.index(mark) for other in higher)
