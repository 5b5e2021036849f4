from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.present.prices import (
    aligned,
    cut,
    decimals,
    digits,
    fitted,
    flashed,
    padded,
    written,
)

numbers = st.decimals("-1e15", "1e15", places=6) | st.integers(0, 10**12).map(Decimal)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("60003.50", "60,003.50"),
        ("0.4511", "0.4511"),
        ("1234567", "1,234,567"),
        ("-1234.5", "-1,234.5"),
        ("-123", "-123"),
        (Decimal("1E+3"), "1,000"),
        (Decimal("1.5"), "1.5"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_digits_stand_in_threes_and_none_is_lost(value, text):
    assert digits(value) == text


@given(numbers)
def test_what_is_shown_is_the_number(value):
    assert Decimal(digits(value).replace(",", "")) == value
    assert written(value) == format(value, "f")
    assert decimals(value) == -min(0, value.as_tuple().exponent)


def test_points_of_a_column_stand_in_line():
    assert aligned(["60003.5", "9.25", "100"]) == ["60,003.5 ", "     9.25", "   100   "]
    assert aligned(["60003.5", "9.25", "100"], zeros=True) == [
        "60,003.50", "     9.25", "   100.00",
    ]  # fmt: skip
    assert aligned(["1", "20"], zeros=True) == [" 1", "20"]
    assert aligned(["1.5"], places=3) == ["1.5  "]
    assert aligned([]) == []
    assert padded("7", 0) == "7"


@given(st.lists(numbers), st.booleans())
def test_all_texts_of_a_column_are_of_one_width_and_one_point(values, zeros):
    texts = aligned(values, zeros=zeros)
    assert len({len(text) for text in texts}) <= 1
    assert len({text.index(".") for text in texts if "." in text}) <= 1
    assert [Decimal(text.replace(",", "")) for text in texts] == values


def test_what_does_not_fit_ends_with_an_ellipsis():
    assert [fitted("12.5  ", width) for width in (8, 6, 5, 4, 3, 1, 0)] == [
        "  12.5  ", "12.5  ", " 12.5", "12.5", "12…", "…", "",
    ]  # fmt: skip


@given(st.text("0123456789., ", max_size=12), st.integers(0, 14))
def test_a_fitted_text_has_the_width_it_was_given(text, width):
    assert len(fitted(text, width)) == width


def test_decimals_are_left_out_as_long_as_something_is_told():
    assert [cut("12.345", width) for width in (8, 6, 5, 4, 3)] == [
        "  12.345", "12.345", "12.34", "12.3", "12 ",
    ]  # fmt: skip
    assert cut("0.00000012", 6) == "0.000…"
    assert cut("0.00000000", 6) == "0.0000"
    assert cut("1234.5", 3) == "12…"
    assert cut("123456", 3) == "12…"


@given(st.text("0123456789., ", max_size=12), st.integers(0, 14))
def test_a_cut_text_has_the_width_it_was_given(text, width):
    assert len(cut(text, width)) == width


def test_only_the_digits_that_changed_flash():
    assert flashed("60,003.50", "60,013.51", "bid") == [
        ("60,0", "bid"), ("1", "flash"), ("3.5", "bid"), ("1", "flash"),
    ]  # fmt: skip
    assert flashed("9.99", "10.01", "ask")[-1] == ("01", "flash")
    assert flashed("19.99", "9.98", "ask") == [("9.9", "ask"), ("8", "flash")]
    assert flashed(None, "1", "plain") == [("1", "plain")] == flashed("1", "1", "plain")


@given(st.text("0123456789.,", max_size=9), st.text("0123456789.,", max_size=9))
def test_a_digit_that_did_not_change_does_not_flash(before, now):
    parts = flashed(before, now, "plain")
    assert "".join(text for text, _ in parts) == now
    styles = [style for text, style in parts for _ in text]
    for place in range(1, len(now) + 1):
        same = place <= len(before) and before[-place] == now[-place]
        assert styles[-place] == ("plain" if same else "flash")
