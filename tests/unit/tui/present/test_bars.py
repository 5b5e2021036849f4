from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.present.bars import bar, halves

parts = st.floats(0, 1e9)
widths = st.integers(0, 40)
EIGHTHS = {"█": 8, "▉": 7, "▊": 6, "▋": 5, "▌": 4, "▍": 3, "▎": 2, "▏": 1, "▐": 4, "▕": 1, "#": 8}


def length(text):
    return sum(EIGHTHS.get(character, 0) for character in text)


def test_a_bar_has_eighths_of_a_cell():
    assert [bar(part, 16, 2) for part in (0, 1, 3, 8, 9, 16, 99)] == [
        "  ", "▏ ", "▍ ", "█ ", "█▏", "██", "██",
    ]  # fmt: skip


def test_a_bar_at_the_right_has_an_eighth_and_a_half():
    assert [bar(part, 16, 2, right=True) for part in (0, 1, 4, 8, 9, 12, 16)] == [
        "  ", " ▕", " ▐", " █", "▕█", "▐█", "██",
    ]  # fmt: skip


def test_a_bar_in_ascii_has_whole_cells():
    assert [bar(part, 16, 4, ascii_only=True) for part in (0, 1, 8, 16)] == [
        "    ", "#   ", "##  ", "####",
    ]  # fmt: skip
    assert bar(8, 16, 4, right=True, ascii_only=True) == "  ##"


@given(parts, parts, widths, st.booleans(), st.booleans())
def test_a_longer_bar_stands_for_more(one, other, width, right, ascii_only):
    less, more = sorted((one, other))
    shown = [bar(part, 1e9, width, right=right, ascii_only=ascii_only) for part in (less, more)]
    assert [len(text) for text in shown] == [width, width]
    assert length(shown[0]) <= length(shown[1])


@given(st.floats(1e-9, 1e9), st.integers(1, 40), st.booleans(), st.booleans())
def test_what_is_more_than_nothing_shows(part, width, right, ascii_only):
    assert length(bar(part, 1e9, width, right=right, ascii_only=ascii_only)) > 0


def test_two_shares_fill_the_width():
    assert halves(0.5, 8) == ("████", "░░░░")
    assert halves(0, 2) == ("", "░░")
    assert halves(0.5, 4, ascii_only=True) == ("##", "..")


@given(st.floats(-1, 2), widths, st.booleans())
def test_shares_are_never_wider_than_the_room(share, width, ascii_only):
    assert sum(map(len, halves(share, width, ascii_only=ascii_only))) == width
