import json

import pytest
from data.hostile_frames import BAD_PRODUCTS
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model.product import is_product_id

SEPARATORS = set(".*> /\\:;'\"\0\n\t")


@pytest.mark.parametrize(
    "text", ["BTC-USD", "1INCH-USD", "00-USD", "BTC-PERP-INTX", "BIT-28JUL23-CDE", "A-B-C-D"]
)
def test_an_id_of_two_to_four_parts_is_a_product(text):
    assert is_product_id(text)


@pytest.mark.parametrize("size", [1, 20])
def test_a_part_has_one_to_twenty_characters(size):
    assert is_product_id(f"{'A' * size}-USD")
    assert is_product_id(f"USD-{'9' * size}")


@pytest.mark.parametrize("text", BAD_PRODUCTS, ids=lambda text: text[:20])
def test_anything_else_is_not(text):
    assert not is_product_id(json.loads(text))


@given(st.from_regex(r"[A-Z0-9]{1,20}(-[A-Z0-9]{1,20}){1,3}", fullmatch=True), st.text(max_size=3))
def test_nothing_with_a_separator_of_another_language_gets_through(text, other):
    assert is_product_id(text) == text.isascii()
    assert not SEPARATORS & set(text + other) or not is_product_id(text + other)
