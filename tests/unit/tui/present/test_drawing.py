from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books, fits, rows, texts, widths

from ledgerflux_tui.present.axis import Look
from ledgerflux_tui.present.drawing import Layout, drawn, titled
from ledgerflux_tui.present.prices import fitted

BIDS = [("10", "1"), ("9", "2"), ("8", "3")]
ASKS = [("11", "1"), ("12", "1"), ("13", "1")]
PLAIN = Layout(
    lambda axis, width: (0, 0, min(axis.widths()[0], width), 0),
    lambda columns, axis: [("price"[: columns[2]], "dim")],
    lambda drawing, row, chosen: [
        (fitted(row.price, drawing.columns[2]), "select" if chosen else row.side)
    ],
)
"""Prices and nothing else."""


def test_levels_stand_around_the_spread_and_the_foot_says_who_offers_more():
    lines = texts(drawn(PLAIN, BIDS, ASKS, 40, 9, Look()))
    assert [line.strip() for line in lines[1:4]] == ["13", "12", "11"]
    assert "spread 1" in lines[4]
    assert [line.strip() for line in lines[5:8]] == ["10", "9", "8"]
    assert lines[8].startswith("bid")
    assert lines[8].endswith("67 / 33")


def test_with_a_cursor_the_foot_says_what_a_sweep_to_it_takes():
    lines = drawn(PLAIN, BIDS, ASKS, 60, 9, Look(cursor=Decimal(9)))
    assert ("9", "select") in [(text.strip(), style) for text, style in lines[6]]
    assert "sell 3" in texts(lines)[8]


@pytest.mark.parametrize(
    ("width", "whole", "expected"),
    [(8, 8, "ask size"), (4, 4, " ask"), (8, 9, "    ask…"), (3, 9, "as…")],
)
def test_a_title_is_the_first_name_that_fits_and_says_when_decimals_are_left_out(
    width, whole, expected
):
    assert titled(("ask size", "ask"), width, whole) == expected


@given(books(), widths, rows, st.booleans())
def test_a_picture_of_n_rows_is_n_lines_within_its_width(book, width, height, ascii_only):
    lines = drawn(PLAIN, *book, width, height, Look(ascii_only=ascii_only))
    assert fits(lines, width, height)
    if ascii_only:
        assert "".join(texts(lines)).isascii()
