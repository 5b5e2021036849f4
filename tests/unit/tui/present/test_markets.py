import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_support import START_NS

from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.columns import head_line, used
from ledgerflux_tui.present.markets import (
    SORTS,
    Arrangement,
    arranged,
    columns_of,
    market_line,
    matches,
    spread,
)
from ledgerflux_tui.state.markets import Market

BTC = Market("BTC-USD", last="61250.6", bid="61250.1", ask="61251.1", state="live",
             integrity="sequence", shard=1, rate=812.0, told_ns=START_NS)  # fmt: skip
ADA = Market("ADA-USD", last="0.4511", bid="0.4510", ask="0.4512", state="suspect",
             integrity="none", shard=2, rate=88.0, told_ns=START_NS)  # fmt: skip
NEW = Market("NEW-USD")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", True), ("btc", True), ("eth", False), ("!eth", True), ("!btc", False), ("usd !eth", True),
     ("btc eth", False), ("!", True)],
)  # fmt: skip
def test_a_filter_holds_every_word_and_none_with_a_mark(wanted, found):
    assert matches("BTC-USD", wanted) is found


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("reverse", [False, True])
def test_every_column_sorts_and_what_is_not_known_comes_last(sort, reverse):
    names = [one.product for one in arranged([NEW, BTC, ADA], Arrangement("", sort, reverse))]
    assert sorted(names) == ["ADA-USD", "BTC-USD", "NEW-USD"]
    if sort in ("last", "spread", "rate", "shard"):
        assert names[-1] == "NEW-USD"


def test_prices_sort_as_numbers_and_spreads_are_exact():
    order = arranged([BTC, ADA], Arrangement("", "last"))
    assert [one.product for one in order] == ["ADA-USD", "BTC-USD"]
    assert spread("0.1", "0.3") == "0.2"
    assert spread(None, "1") == "-"


@given(st.integers(30, 200))
def test_product_price_and_state_never_go_and_the_list_fits(width):
    columns = columns_of([BTC, ADA], width)
    assert {"product", "last", "state"} <= {column.name for column, _ in columns}
    if width >= 40:
        assert used(columns) <= width
    for market in (BTC, ADA, NEW):
        line = market_line(market, columns, START_NS, chosen=True, ascii_only=False)
        assert market.product in text_of(line)


def test_what_is_unproven_stale_or_broken_says_so():
    columns = columns_of([BTC, ADA], 100)

    def shown(market, now_ns=START_NS):
        return text_of(market_line(market, columns, now_ns, chosen=False, ascii_only=False))

    unproven = Market("X", last="1", state="live", integrity="none", told_ns=START_NS)
    assert "live unproven" in shown(unproven)
    assert "suspect" in shown(ADA)
    assert "STALE 3.0 s" in shown(BTC, START_NS + 3 * NANOS_PER_S)
    assert "STALE" in shown(NEW)


def test_without_room_the_picture_goes_first_and_with_room_it_grows():
    narrow = {column.name for column, _ in columns_of([BTC], 60)}
    assert "spark" not in narrow
    assert "spread" in narrow
    wide = {column.name: column.width for column, _ in columns_of([BTC], 100)}
    assert wide["spark"] == 30
    assert {column.width for column, _ in columns_of([BTC], 70) if column.name == "spark"} <= {
        *range(8, 30)
    }


def test_the_sorted_column_is_marked():
    columns = columns_of([BTC], 100)
    assert "Last▴" in text_of(head_line(columns, "last"))
    assert "Last▾" in text_of(head_line(columns, "last", reverse=True))
