from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.present.chart import upright

VALUES = st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1e9)), max_size=60)


def test_a_bar_is_as_high_as_its_value_is_of_the_highest():
    assert upright([1, 2, None, 4, 0], 2) == ["   █ ", "▄█ █ "]
    assert upright([1, 2], 2, most=4) == ["  ", "▄█"]
    assert upright([4], 1, ascii_only=True) == ["#"]


def test_what_is_more_than_nothing_always_shows():
    assert upright([1, 10_000], 2)[1][0] == "▁"
    assert upright([0, None], 2) == ["  ", "  "]


@given(VALUES, st.integers(min_value=0, max_value=12), st.booleans())
def test_it_is_as_large_as_asked_for(values, rows, ascii_only):
    lines = upright(values, rows, ascii_only=ascii_only)
    assert len(lines) == rows
    assert all(len(line) == len(values) for line in lines)
    assert not ascii_only or all(line.isascii() for line in lines)


@given(VALUES.filter(lambda values: any(value and value > 1 for value in values)))
def test_the_highest_value_fills_the_height(values):
    assert "█" in upright(values, 4)[0]
