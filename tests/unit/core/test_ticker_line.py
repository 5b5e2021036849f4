import pytest

from ledgerflux.core.numbering import Numbering
from ledgerflux.core.ticker_line import NOTHING, TickerLine
from ledgerflux.core.trade_line import TradeLine
from ledgerflux.model.events import Ticker
from ledgerflux.model.stream import TickerEvent

AT_NS = 1_786_253_022_000_000_000
AT = "2026-08-09T05:23:42.000000000Z"
TOP = (("1.50", "2"), ("1.6", "0.1"))


@pytest.fixture
def made():
    return []


@pytest.fixture
def numbering(made):
    return Numbering("BTC-USD", made, epoch="r1")


@pytest.fixture
def line(numbering):
    return TickerLine(numbering)


def derive(line, trades, top, *, traded=False, exchange_ns=AT_NS):
    line.derive(top, trades, traded=traded, exchange_ns=exchange_ns, receive_ns=AT_NS)


def test_the_venues_ticker_is_passed_on_whole(line, made):
    line.venue(
        Ticker("BTC-USD", "1.55", "3", "1.5", "2", "1.6", "4", "90", "1", "2", 7, AT_NS), AT_NS
    )
    assert made == [
        (
            "BTC-USD",
            "ticker",
            "ticker",
            "r1",
            TickerEvent(
                1, AT, AT, "1.55", "3", "1.5", "2", "1.6", "4",
                volume_24h="90", low_24h="1", high_24h="2", trade_id=7,
            ),
        )
    ]  # fmt: skip


def test_what_the_venue_left_out_stays_out(line, made):
    line.venue(Ticker("BTC-USD", "1.55"), AT_NS)
    event = made[0].event
    assert (event.ts_exchange, event.bid, event.trade_id, event.derived) == (
        None, None, None, False,
    )  # fmt: skip


def test_a_derived_ticker_is_the_top_and_the_last_trade(line, numbering, made):
    trades = TradeLine(numbering, last_id=9, price="1.55", size="3")
    derive(line, trades, TOP)
    expected = TickerEvent(
        1, AT, AT, "1.55", "3", "1.50", "2", "1.6", "0.1", trade_id=9, derived=True
    )
    assert [item.event for item in made] == [expected]


def test_a_one_sided_book_without_trades_has_half_a_ticker(line, numbering, made):
    derive(line, TradeLine(numbering), (None, ("1.6", "1")), exchange_ns=None)
    derive(line, TradeLine(numbering), (("1.5", "1"), None), exchange_ns=None)
    assert [item.event for item in made] == [
        TickerEvent(1, None, AT, None, None, None, None, "1.6", "1", derived=True),
        TickerEvent(2, None, AT, None, None, "1.5", "1", None, None, derived=True),
    ]


def test_only_a_new_top_or_a_trade_makes_a_ticker(line, numbering, made):
    trades = TradeLine(numbering)
    for top, traded in ((TOP, False), (TOP, False), (TOP, True), ((TOP[0], None), False)):
        derive(line, trades, top, traded=traded)
    assert [item.event.seq for item in made] == [1, 2, 3]


def test_an_empty_book_that_never_was_another_has_no_ticker(line, numbering, made):
    derive(line, TradeLine(numbering), NOTHING)
    assert made == []


def test_after_forgetting_the_same_top_is_told_again(line, numbering, made):
    trades = TradeLine(numbering)
    derive(line, trades, TOP)
    line.forget()
    derive(line, trades, TOP)
    assert len(made) == 2


def test_a_line_made_from_the_saved_top_does_not_repeat_it(numbering, made):
    derive(TickerLine(numbering, top=TOP), TradeLine(numbering), TOP)
    assert made == []
