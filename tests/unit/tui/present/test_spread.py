from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books, fits

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.levels import steps_of
from ledgerflux_tui.present.spread import (
    basis_points,
    fitted_left,
    mid,
    pressure_line,
    spread_line,
)


def line(bid, ask, width, ascii_only=False):
    prices = [None if price is None else Decimal(price) for price in (bid, ask)]
    return spread_line(*prices, width, ascii_only=ascii_only)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (48, "──── spread 0.50 (0.08 bp) · mid 60,003.75 ─────"),
        (36, "─────── 0.50 · mid 60,003.75 ───────"),
        (20, "─── spread 0.50 ────"),
        (12, "─── 0.50 ───"),
        (4, "0.50"),
        (2, "0."),
    ],
)
def test_the_spread_line_says_as_much_as_fits(width, text):
    assert text_of(line("60003.50", "60004.00", width)) == text


def test_a_side_without_levels_is_named_and_a_crossed_book_is_bad():
    assert line("1", None, 20) == [("───── no asks ──────", "warn")]
    assert line(None, "1", 20) == [("───── no bids ──────", "warn")]
    assert line(None, None, 20, ascii_only=True) == [("----- no book ------", "warn")]
    assert line("2", "1", 40) == [("─────── crossed -1 (-6666.67 bp) ───────", "bad")]
    assert line("2", "1", 18) == [("─── crossed -1 ───", "bad")]
    assert text_of(line("1", "1", 60)).strip("─ ") == "locked 0 (0.00 bp)"


def test_the_middle_is_exact():
    assert mid(Decimal("60003.50"), Decimal("60004.01")) == Decimal("60003.755")
    assert basis_points(Decimal("0.5"), Decimal(60_000)) == Decimal("0.08")
    assert basis_points(Decimal(1), Decimal(0)) == 0


def pressure(bids, asks, width, ascii_only=False):
    return pressure_line(steps_of(bids), steps_of(asks), width, ascii_only=ascii_only)


def test_the_heavier_side_has_the_longer_part_of_the_bar():
    assert pressure([("1", "3")], [("2", "1")], 27) == [
        ("bid ", "bid"), ("██████▊", "bar_bid"), ("░░", "bar_ask"), (" ask  75 / 25", "ask"),
    ]  # fmt: skip
    assert text_of(pressure([("1", "3")], [("2", "1")], 27, True)) == "bid #######.. ask  75 / 25"
    assert text_of(pressure([("1", "1")], [], 16)) == "bid 100 / 0 ask"
    assert text_of(pressure([], [], 20)) == "bid - / - ask"
    assert text_of(pressure([], [], 6)) == "bid -…"


@given(books(), st.integers(0, 80), st.booleans())
def test_neither_line_is_wider_than_its_room(book, width, ascii_only):
    bids, asks = (steps_of(levels) for levels in book)
    best = [side[0].price if side else None for side in (bids, asks)]
    assert fits([spread_line(*best, width, ascii_only=ascii_only)], width, 1)
    assert fits([pressure_line(bids, asks, width, ascii_only=ascii_only)], width, 1)
    assert len(fitted_left("some words", width)) <= width
