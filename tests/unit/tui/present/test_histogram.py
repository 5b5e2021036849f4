import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_health import counted

from ledgerflux.core.histogram import CELLS
from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.histogram import histogram_lines


def shown(counts, width=64, height=5, **more):
    return [text_of(line) for line in histogram_lines(counts, width, height, **more)]


def test_bars_stand_over_their_milliseconds():
    bars = shown(counted((1, 100), (2, 50), (16, 1)), 70)
    assert bars[0] == "███"
    assert bars[1] == bars[0]
    assert bars[2] == bars[3][:15] == "███         ███"
    assert bars[3] == "███         ███" + " " * 33 + "▁▁▁"
    assert bars[4].split() == ["1", "2", "4", "8", "16", "32"]
    assert bars[4].index("16") == bars[3].index("▁")


@given(
    st.lists(st.integers(min_value=0, max_value=10**6), max_size=CELLS),
    st.integers(min_value=0, max_value=220),
    st.integers(min_value=0, max_value=20),
    st.booleans(),
)
def test_there_are_as_many_lines_as_asked_for_and_none_is_too_wide(
    counts, width, height, ascii_only
):
    lines = shown(counts, width, height, ascii_only=ascii_only)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)
    assert not ascii_only or all(line.isascii() for line in lines)


@given(st.integers(min_value=0, max_value=CELLS - 1), st.integers(min_value=16, max_value=120))
def test_what_is_more_than_nothing_always_shows(cell, width):
    counts = [10**6, *[0] * (CELLS - 1)]
    counts[cell] += 1
    assert "█" in shown(counts, width)[0]
    bottom = shown(counts, width)[-2]
    assert cell == 0 or width < CELLS or "▁" in bottom


def test_nothing_is_said_so():
    assert shown([], 64, 3) == ["nothing came in this time", "", ""]
    assert shown([1], 64, 1) == [""]


@pytest.mark.parametrize("width", [60, 76, 116])
def test_the_scale_has_no_number_cut(width):
    scale = shown(counted((1, 100), (2, 50), (500, 1)), width)[-1]
    assert {float(word) for word in scale.split()} <= {2.0**n for n in range(-4, 17)}
