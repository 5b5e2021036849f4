import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.patterns import choose, is_pattern, is_safe, matches, names, warnings

SERVED = ["BTC-USD", "BTC-EUR", "ETH-USD"]
texts = st.text("AB*-", max_size=12)


@given(texts, st.text("AB-", max_size=12))
def test_a_star_is_any_text_and_everything_else_is_itself(pattern, product):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), product) is not None
    assert matches(pattern, product) is expected


def test_ends_that_would_overlap_do_not_match():
    assert not matches("BTC-USD*USD", "BTC-USD")
    assert matches("*C-U*", "BTC-USD")
    assert not matches("*X*", "BTC-USD")


def test_what_is_a_pattern_and_made_of_what():
    assert is_pattern("BTC-*")
    assert not is_pattern("BTC-USD")
    assert is_safe("*-USD")
    assert not is_safe("*-usd")
    assert not is_safe("A*" * 33)


def test_each_product_is_chosen_once_in_the_order_asked_for():
    chosen = choose(["ETH-USD", "BTC-*", "*-EUR", "X-*", "ETH-USD", "SOL-USD"], SERVED)
    assert chosen.products == ("ETH-USD", "BTC-USD", "BTC-EUR", "SOL-USD")
    assert chosen.exact == ("ETH-USD", "SOL-USD")
    assert chosen.patterns == ("BTC-*", "*-EUR", "X-*")
    assert chosen.idle == ("X-*",)


@pytest.mark.parametrize(
    ("asked", "product", "named"),
    [
        (None, "BTC-USD", True),
        (frozenset(["BTC-USD"]), "BTC-USD", True),
        (frozenset(["BTC-USD"]), "ETH-USD", False),
        (frozenset(["BTC-USD", "*-EUR"]), "BTC-EUR", True),
        (frozenset(["BTC-USD", "*-EUR"]), "ETH-USD", False),
    ],
)
def test_what_a_set_of_ids_and_patterns_names(asked, product, named):
    assert names(asked, product) is named


def test_what_is_odd_is_said():
    chosen = choose(["ETH-USD", "BTC-*", "X-*"], SERVED)
    assert warnings(chosen, {"BTC-EUR"}) == [
        'no product matches "X-*" yet',
        "BTC-EUR is subscribed already",
    ]
