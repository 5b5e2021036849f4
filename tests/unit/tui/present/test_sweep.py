from decimal import Decimal

from hypothesis import given
from strategies.screens import books

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.levels import exact
from ledgerflux_tui.present.sweep import Sweep, sweep, sweep_line, sweep_of

BIDS = [("60003.50", "2"), ("60003.00", "4"), ("60002.50", "1.5")]
ASKS = [("60004.50", "1"), ("60005.00", "3")]


def test_a_sweep_takes_every_level_to_its_price():
    assert sweep_of(BIDS, ASKS, Decimal("60003.00"), "bid") == Sweep(
        price=Decimal("60003.00"),
        quantity=Decimal(6),
        cost=Decimal("360019.00"),
        average=Decimal("60003.1667"),
        impact_bp=Decimal("0.14"),
    )
    bought = sweep_of(BIDS, ASKS, Decimal(60_005), "ask")
    assert (bought.quantity, bought.average) == (4, Decimal("60004.8750"))
    assert bought.impact_bp == Decimal("0.15")


def test_without_another_side_the_impact_counts_from_the_best_price():
    assert sweep(BIDS, Decimal("60003.50"), "bid", None).impact_bp == 0
    assert sweep_of([], ASKS, Decimal(1), "bid") is None


def test_a_price_before_the_best_takes_nothing():
    found = sweep(ASKS, Decimal(1), "ask", None)
    assert (found.quantity, found.average) == (0, Decimal("60004.50"))


def test_the_read_out_says_as_much_as_fits():
    found = sweep_of(BIDS, ASKS, Decimal("60003.00"), "bid")
    shown = [text_of(sweep_line(found, "bid", "BTC", width)) for width in (70, 50, 30, 12, 6)]
    assert shown == [
        " sell 6 BTC  avg 60,003.1667  impact 0.14 bp  to 60,003.00",
        " sell 6 BTC  avg 60,003.1667  impact 0.14 bp",
        " sell 6 BTC  avg 60,003.1667",
        " sell 6 BTC",
        " sell…",
    ]
    assert text_of(sweep_line(found, "ask", "", 9)) == " buy 6"


@given(books())
def test_the_average_lies_between_the_best_and_the_last_price(book):
    for levels, side in zip(book, ("bid", "ask"), strict=True):
        for price, _ in levels:
            found = sweep(levels, exact(price), side, None)
            low, high = sorted((exact(levels[0][0]), exact(price)))
            assert low <= found.average <= high
            assert found.impact_bp >= 0
            assert found.quantity == sum(
                exact(size) for at, size in levels if low <= exact(at) <= high
            )
