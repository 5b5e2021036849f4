from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import books, fits, rows, texts, widths

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.axis import Look
from ledgerflux_tui.present.dom import dom

BIDS = [("60003.50", "2.1048"), ("60003.00", "3.7831"), ("60002.50", "1.2243")]
ASKS = [("60004.00", "3.7359"), ("60004.50", "4.0374"), ("60005.00", "1.4337")]


def test_bids_stand_left_and_asks_right_of_one_axis_of_prices():
    assert texts(dom(BIDS, ASKS, 60, 9, Look(last="60003.50"))) == [
        "    cum     bid               price              ask     cum",
        "                          60,005.00  ██▌      1.4337  9.2070",
        "                          60,004.50  ███████  4.0374  7.7733",
        "                          60,004.00  ██████▌  3.7359  3.7359",
        "────────── spread 0.50 (0.08 bp) · mid 60,003.75 ───────────",
        " 2.1048  2.1048     ▐███  60,003.50 ◀ last",
        " 5.8879  3.7831  ▐██████  60,003.00",
        " 7.1122  1.2243      ▕██  60,002.50",
        "bid █████████████████▍░░░░░░░░░░░░░░░░░░░░░░ ask  44 / 56",
    ]


def test_what_has_no_room_goes_sums_first_then_bars_and_the_price_never():
    first = [texts(dom(BIDS, ASKS, width, 3))[0] for width in (40, 32, 10, 7)]
    assert first == [
        "                60,004.00  █████  3.7359",
        "         60,004.00  3.7359",
        " 60,004.00",
        " 60,00…",
    ]


def test_decimals_without_room_are_left_out_and_the_title_says_so():
    long = [("60003.50", "2.10480001"), ("60003.00", "0.00000001")]
    shown = texts(dom(long, ASKS, 58, 8))
    assert "cum…" in shown[0]
    assert shown[5].split()[:2] == ["2.10480", "2.10480"]
    assert shown[6].split()[:2] == ["2.10480", "0.0000…"]
    assert texts(dom(long, ASKS, 58, 3))[2].split()[0] == "2.1048…"


def test_the_last_trade_is_marked_on_the_empty_side_of_its_level():
    ask = texts(dom(BIDS, ASKS, 60, 3, Look(last="60004")))
    assert "last ▶" in ask[0]
    assert ask[0].index("last") < ask[0].index("60,004.00")
    grouped = texts(dom(BIDS, ASKS, 60, 3, Look(last="60003.50", group=Decimal(1))))
    assert "◀ last" in grouped[2]
    above = texts(dom(BIDS, ASKS, 60, 3, Look(last="60004.00", group=Decimal(1))))
    assert "last ▶" in above[0]
    assert "last" not in "".join(texts(dom([], ASKS, 60, 3, Look(last="7"))))
    assert "last" not in "".join(texts(dom(BIDS, [], 60, 3, Look(last="7", group=Decimal(1)))))
    narrow = texts(dom(BIDS, ASKS, 12, 3, Look(last="60004")))
    assert "last" not in "".join(narrow)


def test_the_cursor_reads_out_what_a_sweep_to_it_takes():
    lines = dom(BIDS, ASKS, 72, 9, Look(cursor=Decimal("60003.00"), unit="BTC"))
    assert text_of(lines[-1]) == " sell 5.8879 BTC  avg 60,003.1787  impact 0.10 bp  to 60,003.00"
    assert lines[6][0] == ("▶", "select")
    assert ("60,003.00", "select") in lines[6]
    gone = dom(BIDS, ASKS, 72, 9, Look(cursor=Decimal("60002.75"), unit="BTC"))
    assert text_of(gone[-1]) == text_of(lines[-1]), "its level is gone: the one before it"


def test_a_group_is_swept_level_by_level():
    look = Look(cursor=Decimal(60_003), group=Decimal(1), unit="BTC")
    assert "sell 5.8879 BTC  avg 60,003.1787" in text_of(dom(BIDS, ASKS, 60, 9, look)[-1])


def test_digits_that_changed_flash_and_sides_have_their_styles():
    lines = dom(BIDS, ASKS, 60, 3, Look(before={"60003.50": "2.1148", "60004.00": "3.7358"}))
    assert [text for text, style in lines[2] if style == "flash"] == ["0"]
    assert [text for text, style in lines[0] if style == "flash"] == ["9"]
    assert {"ask", "bar_ask"} <= {style for _, style in lines[0]}
    assert {"bid", "bar_bid"} <= {style for _, style in lines[2]}


def test_an_empty_book_says_so():
    assert texts(dom([], [], 20, 3)) == ["", "───── no book ──────", ""]


looks = st.builds(
    Look,
    depth=st.sampled_from([None, 5]),
    group=st.sampled_from([None, Decimal("0.5"), Decimal(10)]),
    cut=st.booleans(),
    last=st.sampled_from([None, "60000.5", "3"]),
    cursor=st.sampled_from([None, Decimal(60_300), Decimal(3)]),
    ascii_only=st.booleans(),
)


@given(books(), widths, rows, looks)
def test_a_dom_of_n_rows_is_n_lines_within_its_width(book, width, height, look):
    lines = dom(*book, width, height, look)
    assert fits(lines, width, height)
    if look.ascii_only:
        assert "".join(texts(lines)).isascii()
