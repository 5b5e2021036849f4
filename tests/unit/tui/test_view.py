import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.lines import NOTHING, text_of
from ledgerflux_tui.view import (
    Quote,
    Top,
    problems,
    products_table,
    proof,
    rate_of,
    services_table,
    shards_table,
    status_lines,
    summary,
    summary_lines,
    tops_of,
)

NOW_NS = 1_700_000_100_000_000_000
TOPS = [
    Top("BTC-USD", "live", "sequence", "61250.10", "0.51230000", "61250.11", "1.2", "61250.10",
        812, 96.4),
    Top("ETH-USD", "suspect", "none", "3021.5", "10", "3021.6", "2.25", None,
        9_007_199_254_740_991),
    Top("SOL-USD"),
]  # fmt: skip


def service(name="nats", **more):
    row = {"name": name, "pid": 4711, "state": "ready", "cpu": 0.031, "rss_bytes": 41_000_000}
    return {**row, "restarts": 0, "since": "2023-11-14T22:14:30.000000000Z", **more}


def shard(number=0, **more):
    row = {"shard": number, "partitions": [3], "products": ["ADA-USD", "BTC-USD"]}
    row |= {"state": "live", "rate": 812.0, "lag_records": 0, "lag_ms": 0.0}
    return {**row, "p50_ms": 0.42, "p99_ms": 12.4, **more}


def status(**more):
    return {
        "schema": "lf.status/1",
        "state": "healthy",
        "source": "synthetic:200",
        "durability": "process",
        "services": [service(), service("normalize-0", restarts=2, state="restarting", pid=None)],
        "shards": [shard(), shard(1, rate=788.5, lag_records=4120, lag_ms=1530.0, p50_ms=None)],
        "counts": {"exchange_sent": 12_345, "raw_frames": None},
        "gaps": 0,
        "disk_bytes": 12_500_000,
        **more,
    }


def texts(lines):
    return [text_of(line) for line in lines]


def test_the_summary_says_it_all_in_one_line():
    assert text_of(summary(status(), "http://h:8000")) == (
        "healthy · source synthetic:200 · http://h:8000 · durability process"
        " · 1,600 msg/s · p50 0.4 ms · p99 12 ms · gaps 0"
    )


def test_the_summary_breaks_where_the_terminal_ends():
    assert texts(summary_lines(status(), 60, "http://h:8000")) == [
        "healthy · source synthetic:200 · http://h:8000",
        "durability process · 1,600 msg/s · p50 0.4 ms · p99 12 ms",
        "gaps 0",
    ]
    assert texts(summary_lines(status(), 200)) == [text_of(summary(status()))]


def test_what_is_unknown_is_not_shown_as_zero():
    text = text_of(summary(status(shards=[], gaps=None)))
    assert text.endswith(f"{NOTHING} msg/s · gaps {NOTHING}")
    assert rate_of(status(shards=[])) is None


def test_gaps_and_states_are_coloured_by_meaning():
    assert ("gaps 3", "bad") in summary(status(gaps=3))
    assert summary(status(state="degraded"))[0] == ("degraded", "warn")
    assert summary(status(state="something new"))[0] == ("something new", "plain")


WIDE = """
PRODUCT  BOOK     PROOF       BID SIZE       BID       ASK  ASK SIZE      LAST               SEQ  UPD/S
BTC-USD  live     sequence  0.51230000  61250.10  61250.11       1.2  61250.10               812     96
ETH-USD  suspect  unproven          10    3021.5    3021.6      2.25         -  9007199254740991      -
SOL-USD  -        -                  -         -         -         -         -                 -      -
"""  # noqa: E501 - a table 120 columns wide
USUAL = """
PRODUCT  BOOK     PROOF          BID       ASK      LAST  UPD/S
BTC-USD  live     sequence  61250.10  61250.11  61250.10     96
ETH-USD  suspect  unproven    3021.5    3021.6         -      -
SOL-USD  -        -                -         -         -      -
"""
NARROW = """
PRODUCT  BOOK          BID       ASK
BTC-USD  live     61250.10  61250.11
ETH-USD  suspect    3021.5    3021.6
SOL-USD  -               -         -
"""


@pytest.mark.parametrize(("width", "table"), [(120, WIDE), (80, USUAL), (40, NARROW)])
def test_the_products_table_shows_what_fits(width, table):
    assert texts(products_table(TOPS, width)) == table.strip().splitlines()


def head(level2, epoch="e1"):
    return {"epoch": epoch, "level2": level2, "trades": 1, "state": "live", "integrity": "none"}


def test_tops_join_status_and_quotes():
    now = {"heads": {"B-USD": head(30), "A-USD": head(110), "C-USD": head(5, "e2")}}
    before = {"heads": {"A-USD": head(100), "C-USD": head(4)}}
    quotes = {"A-USD": Quote("1", "2", "3", "4", "5")}
    assert tops_of(now, quotes, before=before, seconds=2) == [
        Top("A-USD", "live", "none", "1", "2", "3", "4", "5", 110, 5.0),
        Top("B-USD", "live", "none", seq=30),
        Top("C-USD", "live", "none", seq=5),
    ]
    assert tops_of(status(), {}) == []


def test_prices_are_never_rounded():
    top = Top("A-B", bid="0.000000000000123456789", ask="123456789012345678901234.5")
    line = text_of(products_table([top], 200)[1])
    assert "0.000000000000123456789" in line
    assert "123456789012345678901234.5" in line


@pytest.mark.parametrize(
    ("integrity", "segment"),
    [
        ("sequence", ("sequence", "plain")),
        ("checksum", ("checksum", "plain")),
        ("none", ("unproven", "warn")),
        (None, (NOTHING, "dim")),
    ],
)
def test_a_book_without_proof_is_called_unproven(integrity, segment):
    assert proof(integrity) == segment


def test_the_services_table():
    assert texts(services_table(status(), 80, now_ns=NOW_NS)) == [
        "SERVICE      STATE        PID  CPU    RSS  RESTARTS  SINCE",
        "nats         ready       4711   3%  41 MB         0   30 s",
        "normalize-0  restarting     -   3%  41 MB         2   30 s",
    ]


def test_the_shards_table():
    assert texts(shards_table(status(), 80)) == [
        "SHARD  STATE  MSG/S    LAG  LAG TIME     P50    P99  PRODUCTS",
        "    0  live     812      0    0.0 ms  0.4 ms  12 ms  ADA-USD BTC-USD",
        "    1  live     788  4,120     1.5 s       -  12 ms  ADA-USD BTC-USD",
    ]
    assert texts(shards_table(status(), 40))[0] == "SHARD  STATE  MSG/S    LAG    P99"


def test_a_lag_stands_out():
    assert any(segment == ("4,120", "warn") for segment in shards_table(status(), 80)[2])


def test_the_status_of_a_whole_stack():
    lines = texts(status_lines(status(problems=["shard 1 is behind"]), 120, now_ns=NOW_NS))
    assert lines[1] == "exchange sent 12,345 · raw frames - · disk 12 MB"
    assert lines[2] == lines[6] == ""
    assert lines[3].startswith("SERVICE")
    assert lines[7].startswith("SHARD")
    assert lines[-2:] == ["", "! shard 1 is behind"]


def test_the_status_without_shards_or_problems():
    lines = texts(status_lines(status(shards=[], services=[]), 120, now_ns=NOW_NS))
    assert len(lines) == 2
    assert problems(status()) == []


@given(st.integers(36, 300), st.lists(st.sampled_from(TOPS), max_size=4))
def test_no_table_is_wider_than_its_place(width, tops):
    lines = products_table(tops, width)
    assert all(len(text_of(line)) <= max(width, 38) for line in lines)
    assert len({len("".join(text for text, _ in line)) for line in lines}) == 1
