from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import fits, rows, sizes, texts, widths

from ledgerflux_tui.present.tape import LARGE_OF, Trade, filtered, large_size, next_minimum, tape

AT = "2026-01-02T14:02:31.402000000Z"
TRADES = [
    Trade(AT, "60003.50", "0.0140", "buy"),
    Trade(AT, "60003.0", "1.5", "sell"),
    Trade(AT, "60003.50", "0.2", "other"),
]


def test_a_trade_tells_time_side_price_and_size_and_whether_it_is_large():
    assert texts(tape(TRADES, 40, 4, large=Decimal(1))) == [
        " 14:02:31.402 ▲ 60,003.50  0.0140",
        " 14:02:31.402 ▼ 60,003.00  1.5    ◆",
        " 14:02:31.402 = 60,003.50  0.2",
        "",
    ]
    assert texts(tape(TRADES, 40, 2, large=Decimal(1), ascii_only=True)) == [
        " 14:02:31.402 ^ 60,003.50  0.0140",
        " 14:02:31.402 v 60,003.00  1.5    *",
    ]


def test_without_room_the_time_goes_first_and_the_price_never():
    first = [texts(tape(TRADES, width, 1))[0] for width in (36, 35, 32, 24, 20, 12, 9, 4, 3)]
    assert first == [
        " 14:02:31.402 ▲ 60,003.50  0.0140",
        " 14:02:31.402 ▲ 60,003.50  0.0140",
        " 14:02:31 ▲ 60,003.50  0.0140",
        " ▲ 60,003.50  0.0140",
        " ▲ 60,003.50  0.0…",
        " ▲ 60,003.50",
        " ▲ 60,00…",
        " ▲ …",
        "",
    ]


def test_a_wide_tape_goes_on_in_a_second_column():
    assert texts(tape(TRADES, 74, 2)) == [
        " 14:02:31.402 ▲ 60,003.50  0.0140     14:02:31.402 = 60,003.50  0.2",
        " 14:02:31.402 ▼ 60,003.00  1.5",
    ]


def test_small_trades_are_left_out():
    assert [trade.size for trade in filtered(TRADES, Decimal("0.2"), 5)] == ["1.5", "0.2"]
    assert [trade.size for trade in filtered(TRADES, Decimal("0.2"), 1)] == ["1.5"]
    assert filtered(TRADES, Decimal(0), 2) == TRADES[:2]
    assert len([text for text in texts(tape(TRADES, 40, 3, minimum=Decimal(1))) if text]) == 1


def test_minimum_sizes_are_powers_of_ten_from_the_middle_trade_on():
    minimum, seen = Decimal(0), []
    for _ in range(3):
        minimum = next_minimum(TRADES, minimum)
        seen.append(minimum)
    assert seen == [Decimal("0.1"), Decimal(1), Decimal(0)]
    assert next_minimum([], Decimal(1)) == 0
    assert next_minimum([Trade(AT, "1", "0", "buy")], Decimal(0)) == 0


def test_one_trade_in_twenty_is_large():
    some = [Trade(AT, "1", str(size), "buy") for size in range(1, 2 * LARGE_OF + 1)]
    assert large_size(some) == 39
    assert large_size(some[:LARGE_OF]) == 20
    assert large_size(some[1:LARGE_OF]) is None


trades = st.lists(
    st.builds(Trade, st.just(AT), sizes, sizes, st.sampled_from(["buy", "sell", ""])), max_size=50
)


@given(trades, widths, rows, st.booleans(), sizes)
def test_a_tape_of_n_rows_is_n_lines_within_its_width(some, width, height, ascii_only, large):
    lines = tape(some, width, height, large=large, ascii_only=ascii_only)
    assert fits(lines, width, height)
    if ascii_only:
        assert "".join(texts(lines)).isascii()
