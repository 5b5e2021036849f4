import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import Numbered

from ledgerflux.core.candles import Candles
from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.terms import INTERVAL_S
from ledgerflux.errors import LogError

AT = "2024-01-02T03:%02d:05.000000006Z"


def event(seq, minute=4, **other):
    made = {"seq": seq, "price": "1", "size": "2", "ts_exchange": AT % minute, "ts_receive": AT % 9}
    return made | other


def add(candles, *events, gap=False, epoch="r"):
    candles.add(Position(epoch, events[-1]["seq"]), msgspec.json.encode(events), gap=gap)


def bars(candles, interval="1m"):
    found = candles.line(interval).newest_events()
    return [(bar.start[11:16], bar.trades, bar.whole) for bar in found]


def begun():
    candles = Candles()
    candles.begin(Position("r", 0))
    add(candles, event(1, 4), event(2, 5))
    return candles


def test_every_interval_has_its_bars():
    candles = begun()
    assert bars(candles) == [("03:04", 1, False), ("03:05", 1, True)]
    assert bars(candles, "5m") == [("03:00", 1, False), ("03:05", 1, True)]
    assert [bars(candles, interval) for interval in INTERVAL_S][2:] == [
        [("03:00", 2, False)],
        [("03:00", 2, False)],
        [("00:00", 2, False)],
        [("00:00", 2, False)],
    ]


@pytest.mark.parametrize("none", [None, "0001-01-01T00:00:00.000000000Z", "nonsense"])
def test_a_trade_without_a_time_counts_when_it_was_received(none):
    candles = begun()
    add(candles, event(3, ts_exchange=none))
    assert bars(candles)[-1] == ("03:09", 1, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "1e3"},
        {"size": ""},
        {"ts_exchange": None, "ts_receive": "never"},
        {"price": 1},
    ],
)
def test_what_can_be_no_trade_is_refused_and_nothing_of_its_batch_counts(wrong):
    candles = begun()
    with pytest.raises(LogError, match="can't be read") as refused:
        add(candles, event(3), event(4, **wrong))
    assert refused.value.code == "log_corrupt"
    assert bars(candles) == [("03:04", 1, False), ("03:05", 1, True)]


def test_a_gap_of_the_venue_flags_the_bars_before_and_after():
    candles = begun()
    add(candles, {"seq": 3}, gap=True)
    add(candles, event(4, 6))
    add(candles, event(5, 7))
    assert bars(candles)[1:] == [("03:05", 1, False), ("03:06", 1, False), ("03:07", 1, True)]
    assert candles.line("1m").from_seq == 1


def test_a_break_of_the_feed_leaves_it_open_whether_trades_are_missing():
    candles = begun()
    assert candles.sure
    candles.interrupt()
    assert not candles.sure
    add(candles, event(3, 6))
    assert candles.sure


def test_going_on_where_it_is_changes_nothing():
    candles = begun()
    candles.begin(Position("r", 2))
    assert bars(candles)[-1] == ("03:05", 1, True)


def test_going_on_further_is_a_gap_that_nothing_tells_of():
    candles = begun()
    candles.begin(Position("r", 5))
    assert bars(candles)[-1] == ("03:05", 1, False)
    assert candles.line("1m").from_seq == 6


@pytest.mark.parametrize("elsewhere", [Position("r", 1), Position("other", 5), START])
def test_going_on_elsewhere_begins_anew(elsewhere):
    candles = begun()
    candles.begin(elsewhere)
    assert bars(candles) == []
    assert candles.line("1m").from_seq == elsewhere.seq + 1


@given(st.lists(st.sampled_from(["trade", "gap"]), min_size=1, max_size=20), st.data())
def test_however_the_log_is_cut_into_batches_the_bars_are_the_same(kinds, data):
    source, one_by_one, cut = Numbered(), Candles(), Candles()
    for line in (one_by_one, cut):
        line.begin(Position(source.epoch, 0))
    for kind in kinds:
        source.trade() if kind == "trade" else source.trades_missing()
        if data.draw(st.booleans()):
            _feed(cut, source, one_by_one)
    _feed(cut, source, one_by_one)
    for interval in INTERVAL_S:
        assert cut.line(interval).newest_events() == one_by_one.line(interval).newest_events()


def _feed(cut, source, one_by_one):
    for batch in source.take():
        gap = batch.type == "gap"
        cut.add(Position(batch.epoch, batch.last_seq), batch.body, gap=gap)
        for number, raw in enumerate(msgspec.json.decode(batch.body, type=list[msgspec.Raw])):
            place = Position(batch.epoch, batch.first_seq + number)
            one_by_one.add(place, b"[%b]" % bytes(raw), gap=gap)
