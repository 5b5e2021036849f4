import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.frame import fit, framed, inside, marked

LINES = st.lists(st.tuples(st.text("ab ", max_size=6), st.just("plain")), max_size=5)


@given(LINES, st.integers(0, 20))
def test_a_fitted_line_has_exactly_the_width_asked_for(line, width):
    assert sum(len(text) for text, _ in fit(line, width)) == width


@pytest.mark.parametrize(("width", "text"), [(6, "abcdef"), (5, "abcd…"), (3, "ab…"), (1, "…")])
def test_what_is_cut_says_so(width, text):
    assert text_of(fit([("abc", "plain"), ("def", "dim")], width)) == text
    assert text_of(fit([("abc", "plain"), ("def", "dim")], width, ascii_only=True)).isascii()


@given(st.lists(LINES, max_size=6), st.integers(8, 90), st.integers(2, 9), st.booleans())
def test_a_frame_has_exactly_its_size(lines, width, height, focused):
    found = framed([("a title", "head")], lines, width, height, focused=focused)
    assert [sum(len(text) for text, _ in line) for line in found] == [width] * height


def test_a_frame_shows_its_title_its_lines_and_who_has_the_focus():
    found = framed([("T", "head")], [[("abc", "plain")]], 8, 4)
    assert [text_of(line) for line in found] == ["┌─ T ──┐", "│abc   │", "│      │", "└──────┘"]
    heavy = framed([("T", "head")], [], 8, 2, focused=True)
    assert text_of(heavy[0]) == "┏━ T ━━┓"
    plain = framed([("T", "head")], [], 8, 3, ascii_only=True)
    assert [text_of(line) for line in plain] == ["+- T --+", "|      |", "+------+"]
    assert inside(8, 4) == (6, 2)
    assert inside(80, 4) == (76, 2)


def test_the_mark_of_a_title_is_never_cut():
    title = [("a book", "head"), (" and more", "dim")]
    assert text_of(marked(title, ("STALE", "warn"), 30)) == "a book and more STALE"
    assert text_of(marked(title, ("STALE", "warn"), 12)) == "a boo… STALE"
    found = framed(marked(title, ("STALE", "warn"), 12), [], 18, 2)
    assert text_of(found[0]) == "┌─ a boo… STALE ─┐"
