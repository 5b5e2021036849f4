from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.candle import Traded, units
from ledgerflux.core.candle_line import GRACE_NS, CandleLine
from ledgerflux.model.units import NANOS_PER_S, rfc3339

MINUTE_NS = 60 * NANOS_PER_S
NOON_NS = 1_704_196_800 * NANOS_PER_S


class Line:
    """A line of minutes, and the trades put into it, by seconds after noon."""

    def __init__(self, bars_max=120):
        self.line = CandleLine(MINUTE_NS, bars_max)
        self.seq = 0

    def trade(self, *seconds, price="1"):
        for second in seconds:
            self.seq += 1
            at_ns = NOON_NS + int(second * NANOS_PER_S)
            self.line.add(Traded(self.seq, at_ns, price, units(price), units("1"), None, "r"))
        return self

    def bars(self):
        """Return minute, trades, closed and whole of each bar."""
        return [told(event) for event in self.line.newest_events()]

    def changed(self):
        return [told(event) for event in self.line.take_changed()]


def told(event):
    return (int(event.start[14:16]), event.trades, event.closed, event.whole)


def test_the_bar_of_the_first_trade_known_is_not_whole_and_the_next_one_is():
    line = Line().trade(30, 50, 60, 119.9)
    assert line.bars() == [(0, 2, True, False), (1, 2, False, True)]
    assert line.line.newest_events()[0].start == rfc3339(NOON_NS)
    assert line.line.newest == NOON_NS + MINUTE_NS


def test_a_trade_of_a_later_bar_closes_those_before_and_empty_ones_are_none():
    assert Line().trade(1, 61, 300).bars() == [
        (0, 1, True, False),
        (1, 1, True, True),
        (5, 1, False, True),
    ]


def test_what_changed_is_taken_once_and_closing_changes():
    line = Line().trade(1, 61)
    assert line.changed() == line.bars()
    assert line.changed() == []
    line.trade(62)
    assert line.changed() == [(1, 2, False, True)]
    line.trade(120)
    assert line.changed() == [(1, 2, True, True), (2, 1, False, True)]


def test_time_closes_a_bar_with_some_grace_and_never_opens_it_again():
    line = Line().trade(1, 61)
    line.changed()
    end_ns = NOON_NS + 2 * MINUTE_NS
    line.line.pass_time(end_ns + GRACE_NS - 1)
    assert line.changed() == []
    line.line.pass_time(end_ns + GRACE_NS)
    assert line.changed() == [(1, 1, True, True)]
    line.line.pass_time(NOON_NS)
    assert line.bars()[-1] == (1, 1, True, True)


def test_a_late_trade_is_told_in_its_closed_bar():
    line = Line().trade(1, 61, 121)
    line.changed()
    assert line.trade(119).changed() == [(1, 2, True, True)]
    assert line.line.newest_events()[-1].trades == 1


def test_a_gap_flags_its_bar_at_once_and_the_bar_of_the_next_trade():
    line = Line().trade(1, 61)
    line.changed()
    line.line.doubt()
    assert line.changed() == [(1, 1, False, False)]
    line.trade(185, 245)
    assert line.changed() == [(1, 1, True, False), (3, 1, True, False), (4, 1, False, True)]


def test_a_late_bar_inside_the_time_of_a_gap_is_not_whole():
    line = Line().trade(1, 61)
    line.line.doubt()
    line.trade(301, 361, 200)
    assert [(minute, whole) for minute, _, _, whole in line.bars()] == [
        (0, False),
        (1, False),
        (3, False),
        (5, False),
        (6, True),
    ]


def test_a_late_trade_after_a_gap_flags_its_bar_and_those_up_to_the_newest():
    line = Line().trade(1, 61, 121)
    line.line.doubt()
    line.trade(62, 181)
    assert [whole for *_, whole in line.bars()] == [False, False, False, True]


def test_a_gap_before_the_first_trade_says_nothing_new():
    line = Line()
    line.line.doubt()
    assert line.trade(1, 61).bars() == [(0, 1, True, False), (1, 1, False, True)]


def test_gaps_that_touch_are_one_and_those_far_apart_are_two():
    line = Line().trade(1)
    for second in (61, 121, 300, 360):
        if second != 300:
            line.line.doubt()
        line.trade(second)
    line.trade(420)
    assert [(minute, whole) for minute, _, _, whole in line.bars()] == [
        (0, False),
        (1, False),
        (2, False),
        (5, False),
        (6, False),
        (7, True),
    ]
    line.trade(190)
    assert line.bars()[3] == (3, 1, True, True)


def test_the_oldest_bars_go_and_what_is_late_for_them_is_counted_only():
    line = Line(bars_max=2).trade(1, 61, 121)
    assert [bar[0] for bar in line.bars()] == [1, 2]
    assert line.line.from_seq == 2
    line.trade(30)
    assert (line.line.late_total, line.line.from_seq) == (1, 5)
    assert [bar[:2] for bar in line.bars()] == [(1, 1), (2, 1)]
    line.trade(62)
    assert line.bars()[0] == (1, 2, True, True)


def test_a_late_trade_does_not_end_a_gap():
    line = Line(bars_max=2).trade(1, 61, 121)
    line.line.doubt()
    line.trade(1, 181)
    assert [bar[3] for bar in line.bars()] == [False, False]


def test_time_that_gaps_were_in_is_forgotten_with_the_bars():
    line = Line(bars_max=2).trade(1, 61)
    line.line.doubt()
    line.trade(121, 181, 241, 301)
    assert line.line._doubts == []
    assert [bar[3] for bar in line.bars()] == [True, True]


def test_what_goes_on_elsewhere_is_a_gap_that_reaches_back_to_nobody():
    line = Line().trade(1, 61)
    assert line.line.from_seq == 1
    line.line.doubt(10)
    assert line.line.from_seq == 10
    assert line.bars()[-1][3] is False


def test_it_begins_anew():
    line = Line().trade(1, 61)
    line.line.begin(7)
    assert (line.bars(), line.changed(), line.line.newest) == ([], [], None)
    assert line.line.from_seq == 8
    assert line.trade(62).bars() == [(1, 1, False, False)]


def test_the_newest_are_given_oldest_first():
    line = Line().trade(1, 61, 121)
    assert [told(event)[0] for event in line.line.newest_events(2)] == [1, 2]


events = st.lists(
    st.one_of(st.just("gap"), st.integers(0, 11).map(lambda half: half * 30)), max_size=60
)


def reference(happened):
    """Return the bars as a plain program makes them: minute, count and whole."""
    counts, torn, doubtful, first, trades = {}, set(), False, None, []
    for item in happened:
        if item == "gap":
            doubtful = bool(trades)
            continue
        minute = item // 60
        if first is None:
            first = minute
        if doubtful:
            newest = max(counts)
            torn |= set(range(min(trades[-1], minute), max(newest, minute) + 1))
        doubtful = False
        counts[minute] = counts.get(minute, 0) + 1
        trades.append(minute)
    if doubtful:
        torn |= set(range(trades[-1], max(counts) + 1))
    return [
        (minute, count, minute > first and minute not in torn)
        for minute, count in sorted(counts.items())
    ]


@given(events)
def test_bars_are_those_of_a_plain_program_and_gaps_mark_the_bars_concerned(happened):
    line = Line()
    for item in happened:
        if item == "gap":
            line.line.doubt()
        else:
            line.trade(item)
    assert [(minute, count, whole) for minute, count, _, whole in line.bars()] == reference(
        happened
    )


@given(st.lists(st.integers(0, 600), min_size=1, max_size=60), st.data())
def test_whoever_begins_later_has_the_same_bars_where_both_are_whole(seconds, data):
    earlier, later = Line(), Line()
    joined = data.draw(st.integers(0, len(seconds)))
    line = sorted(seconds)
    earlier.trade(*line)
    later.trade(*line[joined:])
    theirs = {bar[0]: bar for bar in later.bars()}
    for bar in earlier.bars():
        if bar[0] in theirs and theirs[bar[0]][3]:
            assert bar == theirs[bar[0]]
    assert all(one < other for one, other in pairwise(theirs))


@pytest.mark.parametrize("seconds", [60, 300, 900, 3600, 21_600, 86_400])
def test_bars_begin_at_multiples_of_the_interval(seconds):
    line = CandleLine(seconds * NANOS_PER_S)
    at_ns = NOON_NS + 12_345 * NANOS_PER_S + 7
    line.add(Traded(1, at_ns, "1", units("1"), units("1"), None, "r"))
    assert line.newest % (seconds * NANOS_PER_S) == 0
    assert line.newest <= at_ns < line.newest + seconds * NANOS_PER_S
