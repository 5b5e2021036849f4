import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_health import NOW_NS, a_shard, a_stack, killed

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.columns import head_line
from ledgerflux_tui.present.shards import (
    SORTS,
    Order,
    detail_lines,
    eta_s,
    in_order,
    outlook,
    shard_columns,
    shard_line,
)
from ledgerflux_tui.state.shards import Shards

SECOND = 1_000_000_000


def told(*statuses):
    shards = Shards()
    for at, status in enumerate(statuses):
        shards.take(status, NOW_NS + at * SECOND)
    return shards


def table(shards, width, *, chosen=None, now_ns=NOW_NS, ascii_only=False):
    columns = shard_columns(width)
    return [
        text_of(head_line(columns, "shard")),
        *(
            text_of(
                shard_line(
                    row, columns, width, now_ns, chosen=row.shard == chosen, ascii_only=ascii_only
                )
            )
            for row in shards.rows
        ),
    ]


def test_a_wide_table_has_all_that_is_known_and_the_names_of_the_products():
    gone = a_shard(1, **killed(NOW_NS - 12 * SECOND), lag_records=412, restarts=1)
    shown = table(told(a_stack(a_shard(0, lag_ms=230.0), gone)), 160, chosen=1)
    assert [" ".join(line.split()) for line in shown] == [
        "sh▴ owner pid state prod events rate/s lag lag ms p50 p99 cpu rss restarts",
        "0 normalize-0 81233 ● ready 2 8,102,331 640 0 230 1.2 4.1 9% 61 MB 0 SOL-USD XRP-USD",
        (
            "▶ 1 normalize-1 - ◐ restarting 3 8,102,332 0 412 - - - - - 1, 12 s ago "
            "BTC-USD DOGE-USD ETH-USD"
        ),
    ]
    assert shown[1].index("640") + 3 == shown[0].index("rate/s") + 6, "under its title"


def test_what_says_most_stays_where_there_is_little_room():
    shown = table(told(a_stack(a_shard(0))), 48)
    assert shown == [
        "  sh▴ state          rate/s    lag restarts",
        "    0 ● ready           640      0 0",
    ]


@pytest.mark.parametrize("width", [46, 76, 116, 156, 196])
def test_no_line_is_wider_than_its_room(width):
    gone = a_shard(1, **killed(), lag_records=412, restarts=1)
    shards = told(a_stack(), a_stack(a_shard(0), gone), a_stack(a_shard(0), gone))
    columns = shard_columns(width)
    for row in shards.rows:
        line = shard_line(row, columns, width, NOW_NS)
        assert sum(len(text) for text, _ in line) <= width


def test_ascii_alone_says_the_same():
    shards = told(a_stack(a_shard(0), a_shard(1, **killed())))
    plain = table(shards, 116, chosen=0, ascii_only=True)[1:]
    assert all(line.isascii() for line in plain)
    assert "@ restarting" in plain[1]
    history = shards.history[1]
    for line in detail_lines(shards.rows[1], history, 116, NOW_NS, ascii_only=True):
        assert text_of(line).isascii()


def test_without_a_supervisor_nobody_counts_starts():
    assert table(told(a_stack(a_shard(0, restarts=None))), 48)[1].endswith(" -")


@pytest.mark.parametrize("sort", SORTS)
def test_shards_are_sorted_by_any_column_and_what_is_unknown_comes_last(sort):
    rows = told(
        a_stack(
            a_shard(0, **killed(lag_records=None, seq=None, restarts=None)),
            a_shard(1, lag_records=9, state="starting", cpu=0.5, p99_ms=1.0, restarts=2),
            a_shard(2, products=[], rate=900.0),
        )
    ).rows
    ordered = in_order(rows, Order(sort))
    reverse = in_order(rows, Order(sort, reverse=True))
    assert {row.shard for row in ordered} == {row.shard for row in reverse} == {0, 1, 2}
    if sort in ("lag", "lag_ms", "p50", "p99", "cpu", "rss", "pid", "seq", "restarts"):
        assert ordered[-1].shard == reverse[-1].shard == 0
        assert ordered[0].shard == reverse[1].shard
    if sort == "rate":
        assert [row.shard for row in reverse] == [2, 1, 0]


def detail(*shards, width=116, after_s=0):
    known = told(*map(a_stack, shards))
    now_ns = NOW_NS + (len(shards) - 1 + after_s) * SECOND
    return [text_of(line) for line in detail_lines(known.rows[0], known.history[0], width, now_ns)]


def test_the_detail_of_a_shard_in_good_health():
    assert detail(a_shard(rate=300.0), a_shard(rate=600.0)) == [
        "products SOL-USD XRP-USD   partitions 00 04",
        "rate 60 s                           ▅█ 600/s   lag 60 s                            ▁▁ 0",
        "ready for 10 min   live yes",
    ]


def test_a_restart_is_told_while_it_lasts_and_afterwards():
    gone = a_shard(**killed(NOW_NS + SECOND), lag_records=300, reason="no words")
    late = a_shard(state="catching_up", lag_records=100, pid=9, last_exit=gone["last_exit"],
                   since=gone["since"], reason="catching up: partitions 03")  # fmt: skip
    shown = detail(a_shard(), gone)
    assert shown[2] == "restarting for 0 s   live no, and its lag does not fall   no words"
    assert shown[3] == "last exit SIGKILL at 03:04:12, 0 s ago"
    assert shown[4] == "away for 0.0 ms   waited at most 300 records   left at event 8,102,331"
    shown = detail(a_shard(), gone, late)
    assert shown[2] == ("catching up for 1 s   live in about 500 ms   catching up: partitions 03")
    back = a_shard(pid=9, restarts=1, last_exit={**gone["last_exit"], "detail": "out of memory"})
    shown = detail(a_shard(), gone, late, back, after_s=9)
    assert shown[3] == "last exit SIGKILL at 03:04:12, 11 s ago   out of memory"
    assert shown[4].startswith("was away 2.0 s   waited at most 300 records")


def test_in_a_narrow_terminal_rate_and_lag_have_lines_of_their_own():
    assert [line.split()[0] for line in detail(a_shard(), width=76)] == [
        "products", "rate", "lag", "ready",
    ]  # fmt: skip


def test_a_shard_without_products_and_numbers_can_be_shown():
    empty = a_shard(**killed(), products=[], partitions=[], seq=None, lag_records=None)
    shown = detail(a_shard(seq=None, products=[], partitions=[]), empty)
    assert shown[0] == "products -   partitions -"
    assert "live not known" in shown[2]
    assert shown[4] == "away for 0.0 ms   waited at most 0 records"


@pytest.mark.parametrize(
    ("row", "lags", "text"),
    [
        (a_shard(lag_records=3, lag_ms=2.0), [], "yes"),
        (a_shard(lag_records=900, lag_ms=4000.0), [900, 900], "no, and its lag does not fall"),
        (a_shard(lag_records=300, lag_ms=4000.0), [900, 600, 300], "in about 1.0 s"),
        (a_shard(state="catching_up"), [], "any moment"),
        (a_shard(state="catching_up", lag_records=None), [], "not known"),
    ],
)
def test_when_a_shard_is_live(row, lags, text):
    [known] = told(a_stack(row)).rows
    assert outlook(known, lags)[0] == text


def test_the_end_of_a_lag_is_told_from_how_it_fell_lately():
    assert eta_s([]) is None
    assert eta_s([10]) is None
    assert eta_s([10, 10]) is None
    assert eta_s([None, 400, None, 200]) == 1.0
    assert eta_s([0, 300, 100]) == 0.5, "from where it began to fall"
    assert eta_s([9, 1, 1, 1, 1]) is None, "long ago is not lately"


@given(st.lists(st.one_of(st.none(), st.integers(min_value=0, max_value=10**6))))
def test_the_end_of_a_lag_is_never_in_the_past(lags):
    eta = eta_s(lags)
    assert eta is None or eta >= 0


def test_with_room_for_it_the_last_minute_is_drawn_as_bars():
    shards = told(a_stack(a_shard(rate=0.0)), a_stack(a_shard(rate=600.0, lag_records=40)))
    lines = detail_lines(shards.rows[0], shards.history[0], 116, NOW_NS, height=16)
    shown = [text_of(line) for line in lines]
    assert shown[1].startswith("rate, 60 s: 600/s now")
    assert shown[1].endswith("lag, 60 s: 40 records now, 40 at most")
    assert shown[2].index("█") == 55
    assert shown[2].endswith(" " * 3 + " " * 55 + "█")
    assert len(shown) == 13
    assert all(len(line) <= 116 for line in shown)
