import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.numbering import Numbering
from ledgerflux.core.trade_line import TradeLine
from ledgerflux.model.events import RecentTrades, Trade
from ledgerflux.model.stream import Gap, TradeEvent

AT_NS = 1_786_253_022_000_000_000
AT = "2026-08-09T05:23:42.000000000Z"


def trade(trade_id, exchange_ns=None):
    return Trade("BTC-USD", trade_id, "1.50", f"{trade_id}.0", "sell", "BUY", exchange_ns)


class Line:
    """A trade line and what it published."""

    def __init__(self, **saved):
        self.made = []
        self.line = TradeLine(Numbering("BTC-USD", self.made, epoch="r1"), **saved)

    def trade(self, *ids):
        return [self.line.trade(trade(trade_id), "live", AT_NS) for trade_id in ids]

    def recent(self, *ids):
        event = RecentTrades("BTC-USD", [trade(trade_id) for trade_id in ids])
        return self.line.recent(event, "suspect", AT_NS)

    def told(self):
        """Ids published, and (from, to) of ids told missing."""
        return [
            (event.from_id, event.to_id) if isinstance(event, Gap) else event.trade_id
            for _, _, _, _, event in self.made
        ]

    def last(self):
        return self.line.last_id, self.line.price, self.line.size


def test_a_trade_is_published_with_the_venues_texts():
    line = Line()
    assert line.line.trade(trade(7, AT_NS), "live", AT_NS)
    assert line.made == [
        (
            "BTC-USD",
            "trades",
            "trade",
            "r1",
            TradeEvent(1, 7, "1.50", "7.0", "sell", "BUY", AT, AT),
        )
    ]
    assert line.last() == (7, "1.50", "7.0")


def test_a_trade_without_a_time_has_none():
    line = Line()
    line.trade(7)
    assert line.made[0].event.ts_exchange is None


def test_repeated_and_older_ids_are_dropped_and_counted():
    line = Line()
    assert line.trade(7, 7, 6, 8) == [True, False, False, True]
    assert line.told() == [7, 8]
    assert line.line.repeated_total == 2
    assert line.last() == (8, "1.50", "8.0")


def test_missing_ids_are_told_once_before_the_trade_that_shows_them():
    line = Line()
    line.trade(7, 11, 9, 12)
    assert line.told() == [7, (8, 10), 11, 12]
    gap = line.made[1]
    assert gap.type == "gap"
    assert gap.event == Gap(2, AT, "upstream", "live", missing=3, from_id=8, to_id=10)
    assert line.made[2].event.seq == 3


def test_recent_trades_before_any_say_where_trades_stand():
    line = Line()
    assert line.recent(5, 7, 6) is True
    assert line.last() == (7, "1.50", "7.0")
    line.trade(7, 8)
    assert line.told() == [8]


def test_recent_trades_after_a_break_tell_what_the_connection_missed():
    line = Line()
    line.trade(7)
    assert line.recent(10, 9) is True
    line.trade(10, 11)
    assert line.told() == [7, (8, 10), 11]
    assert line.made[1].event.state == "suspect"


@pytest.mark.parametrize("ids", [(), (7,), (6, 5)])
def test_recent_trades_that_say_nothing_new_change_nothing(ids):
    line = Line()
    line.trade(7)
    assert line.recent(*ids) is False
    assert line.told() == [7]
    assert line.last() == (7, "1.50", "7.0")


def test_no_recent_trades_at_all_leave_the_start_open():
    line = Line()
    assert line.recent() is False
    assert line.last() == (None, None, None)


def test_the_last_trade_shown_is_always_one_trade():
    line = Line()
    line.trade(7)
    line.recent(10)
    assert line.last() == (10, "1.50", "10.0")


def test_another_epoch_shares_no_ids():
    line = Line()
    line.trade(7)
    line.line.begin()
    assert line.last() == (None, None, None)
    line.trade(3)
    assert line.told() == [7, 3]


steps = st.lists(
    st.one_of(st.integers(1, 25), st.lists(st.integers(1, 25), max_size=4)), max_size=30
)


def play(line, given_steps):
    for step in given_steps:
        line.recent(*step) if isinstance(step, list) else line.trade(step)


@given(steps)
def test_every_id_from_the_first_known_on_is_told_exactly_once(given_steps):
    line = Line()
    known, published = None, []
    for step in given_steps:
        if isinstance(step, list):
            known = max([known or 0, *step]) or None
        elif known is None or step > known:
            known = step
            published.append(step)
    play(line, given_steps)
    assert [told for told in line.told() if isinstance(told, int)] == published
    covered = []
    for told in line.told():
        covered += [told] if isinstance(told, int) else range(told[0], told[1] + 1)
    assert covered == list(range(covered[0], known + 1) if covered else [])
    assert [item.event.seq for item in line.made] == list(range(1, len(line.made) + 1))


@given(steps, st.integers(0, 30))
def test_a_line_made_from_what_was_saved_goes_on_like_it(given_steps, cut):
    whole, first = Line(), Line()
    play(whole, given_steps)
    play(first, given_steps[:cut])
    last_id, price, size = first.last()
    second = Line(last_id=last_id, price=price, size=size)
    play(second, given_steps[cut:])
    assert first.told() + second.told() == whole.told()
    assert second.last() == whole.last()
