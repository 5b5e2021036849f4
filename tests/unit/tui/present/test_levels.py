from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books

from ledgerflux_tui.present.levels import Step, exact, group_widths, grouped, steps_of

BIDS = [("99.95", "1.5"), ("99.90", "2"), ("99.40", "3.00000001")]
ASKS = [("100.00", "1"), ("100.05", "2"), ("100.55", "3")]


def test_levels_are_summed_up_from_the_best():
    assert steps_of(BIDS, 2) == [
        Step(Decimal("99.95"), Decimal("1.5"), Decimal("1.5")),
        Step(Decimal("99.90"), Decimal(2), Decimal("3.5")),
    ]
    assert steps_of([]) == []


def test_groups_lie_away_from_the_other_side():
    assert grouped(BIDS, Decimal("0.50"), "bid") == [
        Step(Decimal("99.50"), Decimal("3.5"), Decimal("3.5")),
        Step(Decimal("99.00"), Decimal("3.00000001"), Decimal("6.50000001")),
    ]
    assert [step.price for step in grouped(ASKS, Decimal("0.50"), "ask")] == [
        Decimal("100.00"), Decimal("100.50"), Decimal("101.00"),
    ]  # fmt: skip


def test_the_last_group_of_a_cut_book_is_left_out_unless_it_is_all_there_is():
    assert [step.price for step in grouped(ASKS, Decimal("0.50"), "ask", cut=True)] == [
        Decimal("100.00"), Decimal("100.50"),
    ]  # fmt: skip
    assert len(grouped(ASKS, Decimal(10), "bid", cut=True)) == 1
    assert len(grouped(ASKS, Decimal("0.50"), "ask", most=1)) == 1


@given(books())
def test_cum_is_the_running_sum(book):
    for levels in book:
        sizes = [exact(size) for _, size in levels]
        assert [step.cum for step in steps_of(levels)] == list(accumulate(sizes))


@given(books(), st.sampled_from(group_widths(2)))
def test_grouping_keeps_the_total_size_and_the_order(book, width):
    for levels, side in zip(book, ("bid", "ask"), strict=True):
        found = grouped(levels, width, side)
        assert sum(step.size for step in found) == sum(exact(size) for _, size in levels)
        prices = [step.price for step in found]
        assert prices == sorted(set(prices), reverse=side == "bid")
        assert all(price % width == 0 for price in prices)
        edge = [exact(price) for price, _ in levels]
        assert not edge or (prices[0] <= edge[0] if side == "bid" else prices[0] >= edge[0])


def test_widths_of_groups_are_one_two_and_five():
    assert [format(width, "f") for width in group_widths(2, 8)] == [
        "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2",
    ]  # fmt: skip
    assert group_widths(0, 4)[3] == Decimal(10)
