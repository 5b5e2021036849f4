from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books, fits, rows, texts, widths

from ledgerflux_tui.present.axis import Look
from ledgerflux_tui.present.dom import dom
from ledgerflux_tui.present.ladder import ladder

BIDS = [("60003.50", "2.1048"), ("60003.00", "3.7831"), ("60002.50", "1.2243")]
ASKS = [("60004.00", "3.7359"), ("60004.50", "4.0374"), ("60005.00", "1.4337")]


def test_asks_stand_above_bids_with_sums_bars_and_the_spread_between():
    assert texts(ladder(BIDS, ASKS, 46, 9)) == [
        "    cum    size      price  depth",
        " 9.2070  1.4337  60,005.00  ██████▍",
        " 7.7733  4.0374  60,004.50  ██████████████████",
        " 3.7359  3.7359  60,004.00  ████████████████▋",
        "─── spread 0.50 (0.08 bp) · mid 60,003.75 ────",
        " 2.1048  2.1048  60,003.50  █████████▍",
        " 5.8879  3.7831  60,003.00  ████████████████▉",
        " 7.1122  1.2243  60,002.50  █████▌",
        "bid ████████████▎░░░░░░░░░░░░░░░ ask  44 / 56",
    ]


def test_what_has_no_room_goes_sums_first_then_bars_and_the_price_never():
    assert texts(ladder(BIDS, ASKS, 26, 3)) == [
        " 3.7359  60,004.00  ██████",
        "── 0.50 · mid 60,003.75 ──",
        " 2.1048  60,003.50  ███▍",
    ]
    assert texts(ladder(BIDS, ASKS, 20, 3))[0] == " 3.7359  60,004.00"
    assert texts(ladder(BIDS, ASKS, 10, 3))[0] == " 60,004.00"
    assert texts(ladder(BIDS, ASKS, 7, 3))[0] == " 60,00…"


def test_decimals_without_room_are_left_out_and_the_title_says_so():
    long = [("60003.50", "2.10480001"), ("60003.00", "3.7831")]
    shown = texts(ladder(long, ASKS, 37, 8))
    assert shown[0].split()[:2] == ["cum…", "size…"]
    assert shown[5].split()[:2] == ["2.10480", "2.10480"]


def test_the_cursor_is_a_mark_and_a_style():
    lines = ladder(BIDS, ASKS, 46, 3, Look(cursor=Decimal("60003.50")))
    assert lines[2][0] == ("▶", "select")
    assert ("60,003.50", "select") in lines[2]
    assert lines[0][0] == (" ", "plain")


def test_only_digits_that_changed_flash():
    lines = ladder(BIDS, ASKS, 46, 3, Look(before={"60003.50": "2.1148", "60004.00": "3.7359"}))
    assert lines[2][2:5] == [("2.1", "plain"), ("0", "flash"), ("48", "plain")]
    assert "flash" not in {style for _, style in lines[0]}


def test_sides_have_their_own_styles():
    lines = ladder(BIDS, ASKS, 46, 3)
    assert [style for _, style in lines[0]][-2:] == ["ask", "bar_ask"]
    assert [style for _, style in lines[2]][-2:] == ["bid", "bar_bid"]


def test_an_empty_book_says_so():
    assert texts(ladder([], [], 20, 3)) == ["", "───── no book ──────", ""]


@given(books(), widths, rows, st.booleans(), st.sampled_from([None, Decimal("0.5"), Decimal(10)]))
def test_a_ladder_of_n_rows_is_n_lines_within_its_width(book, width, height, ascii_only, group):
    look = Look(ascii_only=ascii_only, group=group, before={"1": "2"})
    lines = ladder(*book, width, height, look)
    assert fits(lines, width, height)
    if ascii_only:
        assert "".join(texts(lines)).isascii()


@given(books(), st.integers(40, 90))
def test_prices_fall_from_top_to_bottom(book, width):
    lines = ladder(*book, width, 39)
    prices = [
        Decimal(text.replace(",", "")) for line in lines[1:-1] for text, style in line
        if style in ("bid", "ask")
    ]  # fmt: skip
    assert prices == sorted(prices, reverse=True)


def test_bars_measure_by_the_largest_level_in_sight():
    deep = [*BIDS, ("59000.00", "5000.0000")]
    for draw in (ladder, dom):
        few, all_of_it = texts(draw(deep, ASKS, 60, 7)), texts(draw(deep, ASKS, 60, 12))
        assert max(line.count("█") for line in few) > 5
        assert (
            max(line.count("█") for line in all_of_it if "59,000" not in line and "bid" not in line)
            < 1
        )
