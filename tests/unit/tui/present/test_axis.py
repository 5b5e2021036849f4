from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books

from ledgerflux_tui.present.axis import Look, axis_of, body_of, moved, price_at, seen

BIDS = [("99.5", "1"), ("99", "2"), ("98", "10.25")]
ASKS = [("100", "4"), ("101", "5")]


def axis(**look):
    return axis_of(BIDS, ASKS, Look(**look))


def test_both_sides_have_texts_of_the_same_widths():
    found = axis()
    assert [row.price for row in (*found.asks, *found.bids)] == [
        "100.0", "101.0", " 99.5", " 99.0", " 98.0",
    ]  # fmt: skip
    assert [row.cum for row in found.bids] == [" 1   ", " 3   ", "13.25"]
    assert found.widths() == (5, 5, 5)
    assert found.scaled(range(-2, 4)).most == 10.25
    assert found.scaled(range(-1, 3)).most == 4.0
    assert axis_of([], [], Look()).widths() == (0, 0, 0)


def test_a_position_counts_from_the_spread():
    found = axis()
    assert found.at(-1).step.price == 100
    assert found.at(3).step.price == 98
    assert found.at(4) is None
    assert found.at(-3) is None


def test_a_cursor_stands_at_the_last_level_that_a_sweep_to_it_takes():
    found = axis()
    prices = ("999", "101", "100.5", "99.9", "99.6", "99.5", "98.5", "7")
    assert [found.position(Decimal(price)) for price in prices] == [-2, -2, -1, -1, 1, 1, 2, 3]
    assert found.position(None) is None
    assert axis_of([], ASKS, Look()).position(Decimal(1)) == -1
    assert axis_of(BIDS, [], Look()).position(Decimal(999)) == 1
    assert axis_of([], [], Look()).position(Decimal(1)) is None


def test_depth_and_groups_choose_what_is_seen():
    assert [len(side) for side in (axis(depth=1).bids, axis(depth=1).asks)] == [1, 1]
    assert [row.price for row in axis(group=Decimal(1)).bids] == [" 99", " 98"]
    assert [row.price for row in axis(group=Decimal(1), cut=True).bids] == [" 99"]


def test_what_a_size_was_stands_in_the_shape_it_has_now():
    found = axis(before={"99.5": "1.5", "99": "2.0", "98": "9.2"})
    assert [row.before for row in found.bids] == [" 1.5 ", None, " 9.2 "]
    assert [row.before for row in axis(before={"99.5": "9"}, group=Decimal(1)).bids] == [None, None]
    whole = axis_of([("9", "12")], [], Look(before={"9": "3.5"}))
    assert [row.before for row in whole.bids] == ["3.5"]


def test_the_spread_is_in_the_middle_until_the_cursor_would_leave():
    found = axis()
    assert list(seen(found, 5, None)) == [-2, -1, 0, 1, 2]
    assert list(seen(found, 5, Decimal(98))) == [0, 1, 2, 3, 4]
    assert list(seen(found, 2, Decimal(98))) == [2, 3]
    assert list(seen(found, 5, Decimal(101))) == [-3, -2, -1, 0, 1]
    assert list(seen(found, 1, Decimal(101))) == [-2]
    assert list(seen(found, 5, Decimal("99.5"))) == [-2, -1, 0, 1, 2]
    assert list(seen(found, 2, None)) == [-1, 0]


def test_a_line_of_a_panel_is_a_level():
    found = axis()
    assert [body_of(rows) for rows in (6, 7, 8)] == [(0, 6), (0, 6), (1, 6)]
    assert [price_at(found, 5, Look(), line) for line in (-1, 0, 1, 2, 3, 4, 5)] == [
        None, 101, 100, None, Decimal("99.5"), 99, None,
    ]  # fmt: skip
    assert price_at(found, 8, Look(), 0) is None
    assert price_at(found, 8, Look(), 2) == 101
    assert price_at(found, 8, Look(), 7) is None


def test_a_cursor_goes_from_level_to_level_over_the_spread():
    found = axis()
    assert moved(found, None, 1) == Decimal("99.5")
    assert moved(found, None, -1) == 100
    assert moved(found, Decimal(100), 1) == Decimal("99.5")
    assert moved(found, Decimal("99.5"), -1) == 100
    assert moved(found, Decimal("99.5"), 9) == 98
    assert moved(found, Decimal("99.5"), -9) == 101
    assert moved(found, Decimal(7), -1) == 99
    assert moved(found, None, 0) is None
    assert moved(axis_of([], [], Look()), None, 1) is None


@given(books(), st.integers(1, 40), st.integers(-60, 60))
def test_a_cursor_is_always_in_sight(book, rows, by):
    found = axis_of(*book, Look())
    cursor = moved(found, None, by)
    if cursor is not None:
        assert found.position(cursor) in seen(found, rows, cursor)
