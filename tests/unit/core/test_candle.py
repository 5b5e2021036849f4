from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.candle import Candle, Traded, units

START_NS = 1_704_164_640_000_000_000


def traded(price, size, seq=1, ts_exchange="2024-01-02T03:04:05.000000006Z"):
    price_units, size_units = units(price), units(size)
    return Traded(seq, START_NS, price, price_units, size_units, ts_exchange, "received")


def bar(*trades, whole=True):
    first, *others = [traded(*trade, seq) for seq, trade in enumerate(trades, 1)]
    made = Candle(START_NS, first, whole=whole)
    for trade in others:
        made.add(trade)
    return made


def test_prices_are_the_venues_texts_and_sums_are_exact():
    made = bar(("100.50", "0.1"), ("99.00", "0.2"), ("101.0", "0.30"), ("100.5", "1"))
    assert made.last_seq == 4
    event = made.event(closed=False)
    assert (event.start, event.closed, event.whole) == (
        "2024-01-02T03:04:00.000000000Z",
        False,
        True,
    )
    assert (event.open, event.high, event.low, event.close) == ("100.50", "101.0", "99.00", "100.5")
    assert (event.volume, event.trades, event.vwap) == ("1.6", 4, "100.40625")
    assert (event.ts_exchange, event.ts_receive) == ("2024-01-02T03:04:05.000000006Z", "received")


@pytest.mark.parametrize(
    ("trades", "vwap"),
    [
        ([("1", "1"), ("2", "2")], "1.666666666667"),
        ([("0", "1"), ("0.000000000001", "1")], "0"),  # half way: to the even one
        ([("0.000000000001", "1"), ("0.000000000002", "1")], "0.000000000002"),
        ([("-1", "1"), ("-2", "2")], "-1.666666666667"),
        ([("0.0000000000000012", "3")], "0.0000000000000012"),
        ([("0.00000000000000120", "1"), ("0.0000000000000013", "2")], "0.0000000000000013"),
        ([("5", "0")], None),
    ],
)
def test_the_average_is_rounded_half_to_even_to_what_the_bar_has_of_decimals(trades, vwap):
    assert bar(*trades).event(closed=True).vwap == vwap


@pytest.mark.parametrize(
    ("text", "found"),
    [("0.1", 10**23), ("-2", -2 * 10**24), ("1e3", None), ("", None), ("NaN", None)],
)
def test_a_plain_decimal_is_an_exact_integer(text, found):
    assert units(text) == found


def plain(places):
    return st.decimals(0, 10**6, allow_nan=False, places=places).map(lambda d: format(d, "f"))


@given(st.lists(st.tuples(plain(8), plain(8)), min_size=1, max_size=20))
def test_a_bar_is_what_plain_decimals_make_of_it(trades):
    event = bar(*trades).event(closed=True)
    prices = [Decimal(price) for price, _ in trades]
    sizes = [Decimal(size) for _, size in trades]
    with localcontext(prec=80):
        assert (Decimal(event.high), Decimal(event.low)) == (max(prices), min(prices))
        assert Decimal(event.volume) == sum(sizes)
        if event.vwap is None:
            assert sum(sizes) == 0
            return
        exact = sum(price * size for price, size in zip(prices, sizes, strict=True)) / sum(sizes)
        assert Decimal(event.vwap) == exact.quantize(Decimal(1).scaleb(-12))
        assert min(prices) <= Decimal(event.vwap) <= max(prices)
