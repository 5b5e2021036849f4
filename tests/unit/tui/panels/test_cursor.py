from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.panels.cursor import Cursor


@given(st.integers(0, 40), st.integers(0, 12), st.lists(st.integers(-15, 15)))
def test_the_chosen_row_is_always_among_those_shown(count, height, steps):
    cursor = Cursor()
    for step in steps:
        cursor.fit(count, height)
        cursor.move(step)
    shown = cursor.fit(count, height)
    assert len(shown) == min(count, max(1, height))
    assert cursor.at in shown or count == 0


def test_a_row_is_chosen_by_where_it_is_shown():
    cursor = Cursor()
    cursor.fit(20, 5)
    cursor.move(7)
    assert list(cursor.fit(20, 5)) == [3, 4, 5, 6, 7]
    cursor.move_to(1)
    assert cursor.at == 4
    cursor.move_to(9)
    assert cursor.at == 4
