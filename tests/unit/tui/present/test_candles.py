import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import fits, rows, texts, widths

from ledgerflux_tui.present.candles import Bar, Plot, candles

MINUTE_NS = 60_000_000_000
START_NS = 1_767_362_640_000_000_000
"""2026-01-02T14:04:00Z."""


def bars(*prices, whole=True):
    return [
        Bar(START_NS + at * MINUTE_NS, *map(str, four), volume=str(at + 1), whole=whole)
        for at, four in enumerate(prices)
    ]


ROSE, FELL = (100, 108, 98, 106), (106, 107, 96, 99)


def test_a_bar_that_rose_is_thin_and_one_that_fell_is_full():
    assert texts(candles(bars(ROSE, FELL), 20, 8)) == [
        "   107 ┤│ ╷",
        "       │┃ █",
        "       │┃ █",
        "       │┃ █",
        "    99 ┤│ ▀ ◀",
        "       │  │",
        "        14:04",
        "volume  ▄ █",
    ]


def test_ascii_tells_rise_from_fall():
    text = "\n".join(texts(candles(bars(ROSE, FELL), 20, 9, ascii_only=True)))
    assert "+" in text
    assert "#" in text
    assert text.isascii()


def test_styles_are_those_of_the_sides():
    styles = {style for line in candles(bars(ROSE, FELL), 20, 9) for _, style in line}
    assert {"bid", "ask"} <= styles
    assert "ask" not in {style for line in candles(bars(ROSE), 20, 9) for _, style in line}


def test_a_bar_that_may_lack_trades_has_a_mark_below_it():
    some = [*bars(ROSE, FELL)[:1], bars(ROSE, FELL, whole=False)[1]]
    marked = [text for text in texts(candles(some, 20, 9)) if text.startswith("  gaps")]
    assert marked == ["  gaps    ~"]
    assert not any("gaps" in text for text in texts(candles(bars(ROSE, FELL), 20, 9)))


def test_times_are_of_the_interval():
    assert any("14:04" in text for text in texts(candles(bars(ROSE), 20, 9)))
    assert any("01-02" in text for text in texts(candles(bars(ROSE), 20, 9, interval_s=86_400)))


def test_volume_is_drawn_under_its_bar():
    assert texts(candles(bars(ROSE, FELL), 20, 9))[-1] == "volume  ▄ █"
    none = [bar._replace(volume="0") for bar in bars(ROSE)]
    assert texts(candles(none, 20, 9))[-1] == "volume"


def test_bars_stand_close_where_there_is_no_room_for_gaps_and_the_oldest_go():
    many = bars(*[ROSE] * 20)
    assert "┃┃┃" in "\n".join(texts(candles(many, 20, 9)))
    assert texts(candles(many, 20, 9))[-2].lstrip().startswith("14:13")


def test_without_room_for_an_axis_only_bars_are_drawn():
    shown = texts(candles(bars(ROSE), 8, 3))
    assert all(len(text) <= 1 for text in shown)


def test_without_bars_it_says_so():
    assert [text.strip() for text in texts(candles([], 20, 3))] == ["", "no candles yet", ""]


def test_prices_stand_where_the_axis_says():
    plot = Plot(Decimal(0), Decimal(10), 5)
    assert [plot.half(price) for price in ("10", "0", "99", "-9")] == [0, 9, 0, 9]
    assert plot.half(plot.price(2)) in (4, 5)
    assert Plot(Decimal(3), Decimal(3), 2).half("3") == 1
    assert Plot(Decimal(3), Decimal(4), 1).price(0) == 4


prices = st.integers(1, 10**6).map(lambda units: format(Decimal(units).scaleb(-2), "f"))


@st.composite
def many_bars(draw):
    found = []
    for at in range(draw(st.integers(0, 70))):
        four = sorted(draw(st.lists(prices, min_size=4, max_size=4)), key=Decimal)
        ends = draw(st.permutations(four[1:3]))
        volume = draw(st.sampled_from(["0", "1.5", "900"]))
        found.append(
            Bar(START_NS + at * MINUTE_NS, ends[0], four[3], four[0], ends[1], volume,
                whole=draw(st.booleans()))
        )  # fmt: skip
    return found


@given(many_bars(), widths, rows, st.booleans(), st.sampled_from([60, 86_400]))
def test_candles_of_n_rows_are_n_lines_within_their_width(
    found, width, height, ascii_only, interval_s
):
    lines = candles(found, width, height, interval_s=interval_s, ascii_only=ascii_only)
    assert fits(lines, width, height)
    if ascii_only:
        assert "".join(texts(lines)).isascii()


@given(many_bars(), st.integers(30, 90))
def test_the_newest_bars_are_drawn_from_their_high_to_their_low(found, width):
    lines = candles(found, width, 20)
    if found:
        body = [text for text in texts(lines) if "┤" in text or "│" in text]
        newest = [re.split("[┤│]", line, maxsplit=1)[1].rstrip("◀") for line in body]
        assert any(mark in "".join(newest) for mark in "┃█╽╿▀▄╻╹")
