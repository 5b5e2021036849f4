from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.synthetic_draws import (
    ADD,
    DRAW_MASK,
    MORE_SHIFTS,
    REMOVE,
    SET,
    Lots,
    decimal_text,
    draws_of,
    lots_of,
    terms_of,
)
from ledgerflux.model.units import is_decimal


@pytest.fixture(autouse=True)
def _nothing_kept():
    """What another file's test had made stands in the cache: this file makes its own."""
    draws_of.cache_clear()


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0, 2, "0"), (100, 2, "1"), (150, 2, "1.5"), (1, 8, "0.00000001"), (123_456, 3, "123.456")],
)
def test_decimals_are_exact_and_short(value, decimals, text):
    assert decimal_text(value, decimals) == text


@given(st.integers(min_value=0, max_value=10**18), st.integers(min_value=1, max_value=8))
def test_a_decimal_text_is_the_value(value, decimals):
    text = decimal_text(value, decimals)
    assert is_decimal(text)
    whole, _, fraction = text.partition(".")
    assert int(whole + fraction.ljust(decimals, "0")) == value


@pytest.mark.parametrize(
    ("product", "terms"), [("BTC-USD", (6_500_000, 2, 127)), ("XRP-USD", (5_200, 4, 3))]
)
def test_known_products_are_quoted_as_they_are(product, terms):
    assert terms_of(product) == terms


@given(st.text(max_size=20))
def test_every_product_has_room_for_its_levels(product):
    terms = terms_of(product)
    assert terms == terms_of(product)
    assert terms.origin > 420 * (terms.gap_mask + 1) / 2
    assert 2 <= terms.decimals <= 5
    assert terms.gap_mask & (terms.gap_mask + 1) == 0


def test_sizes_have_a_heavy_tail_and_changes_are_mostly_near_the_best():
    draws = draws_of("SOL-USD")
    assert len(draws) == DRAW_MASK + 1
    lots = sorted(draw.size.lots for draw in draws)
    median = lots[len(lots) // 2]
    assert 8 * 10**8 < median < 12 * 10**8
    assert lots[len(lots) * 99 // 100] > 30 * median
    assert lots[0] > median / 3
    depths = sorted(draw.depth for draw in draws)
    assert depths[len(depths) // 2] < 10
    assert depths[-1] > 200
    assert all(draw.size == lots_of(draw.size.lots) for draw in draws[::100])
    assert {draw.gap for draw in draws} == {0, 1, 2, 3}


def test_levels_change_more_often_than_they_come_or_go():
    actions = Counter(draw.action for draw in draws_of("SOL-USD"))
    assert actions[SET] > actions[ADD] > actions[REMOVE]
    sides = Counter(draw.on_bids for draw in draws_of("SOL-USD"))
    assert abs(sides[True] - sides[False]) < 300


def test_an_update_has_one_to_four_changes_of_different_bits():
    assert {len(shifts) for shifts in MORE_SHIFTS} == {0, 1, 2, 3}
    assert len(MORE_SHIFTS) == 16
    assert all(shift + 12 <= 64 for shifts in MORE_SHIFTS for shift in shifts)


def test_a_size_knows_its_text():
    assert lots_of(1_050_000_000) == Lots(1_050_000_000, "10.5")
