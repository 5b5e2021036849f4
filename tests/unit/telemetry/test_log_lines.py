"""What lines of a log say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model.units import parse_time_ns
from ledgerflux.telemetry.log_lines import LEVELS, clock_of, printable, read_line, words_of

TIME = "2026-11-22T01:02:03.004005006Z"
TIME_NS = parse_time_ns(TIME)


def ours(**more):
    return json.dumps({"ts": TIME, "level": "warning", "event": "socket.closed"} | more)


def test_a_line_of_ours_has_time_level_event_and_fields():
    line = read_line(ours(logger="x.y", venue="coinbase", attempt=3))
    assert line[:3] == (TIME_NS, "warning", "socket.closed")
    assert line.fields == {"venue": "coinbase", "attempt": 3}
    assert words_of(line) == "socket.closed venue=coinbase attempt=3"


def test_a_library_s_message_stands_before_the_fields():
    line = read_line(ours(event="log.line", message="hello there", n=1))
    assert words_of(line) == "log.line hello there n=1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "v=plain"),
        ("two words", 'v="two words"'),
        ("", 'v=""'),
        ('a"b', r'v="a\"b"'),
        ("a=b", 'v="a=b"'),
        (1.5, "v=1.5"),
        (True, "v=True"),
        (None, "v=null"),
        ([1, "x"], 'v=[1,"x"]'),
        ("\x1b[31m", r"v=\x1b[31m"),
        ("a\nb", r'v="a\nb"'),
    ],
)
def test_values_are_quoted_where_they_need_it(value, text):
    assert words_of(read_line(ours(v=value))) == f"socket.closed {text}"


@pytest.mark.parametrize(
    ("word", "level"), [("INF", "info"), ("WRN", "warning"), ("FTL", "error"), ("TRC", "debug")]
)
def test_lines_of_nats(word, level):
    line = read_line(f"[77] 2026/11/22 01:02:03.004005 [{word}] Server is ready")
    assert line.time_ns == TIME_NS // 1000 * 1000
    assert (line.level, line.message) == (level, "Server is ready")


@pytest.mark.parametrize(
    ("word", "level"),
    [("LOG", "info"), ("WARNING", "warning"), ("FATAL", "error"), ("DEBUG1", "debug")],
)
def test_lines_of_postgres(word, level):
    line = read_line(f"2026-11-22 01:02:03.004 UTC [88] {word}:  it is so")
    assert line.time_ns == TIME_NS // 1_000_000 * 1_000_000
    assert (line.level, line.message) == (level, "it is so")


def test_what_postgres_adds_has_the_level_of_what_it_adds_to():
    first = read_line("2026-11-22 01:02:03.004 UTC [88] ERROR:  no such table")
    more = read_line("2026-11-22 01:02:03.004 UTC [88] STATEMENT:  select 1", first)
    assert (more.level, more.message) == ("error", "STATEMENT: select 1")
    assert read_line(more.raw).level == "info", "alone it is nothing special"


def test_a_traceback_belongs_to_the_line_before_it():
    first = read_line(ours())
    head = read_line("Traceback (most recent call last):", first)
    inside = read_line('  File "x.py", line 1', head)
    assert (head.time_ns, head.level) == (TIME_NS, "error")
    assert (inside.time_ns, inside.level) == (TIME_NS, "error")
    assert words_of(inside) == '  File "x.py", line 1'


def test_a_plain_line_after_an_event_is_not_as_bad_as_the_event():
    assert read_line("something", read_line(ours())).level == "info"


def test_an_error_of_a_command_is_an_error():
    assert read_line("error[bad_config]: no").level == "error"


@pytest.mark.parametrize(
    "raw",
    [
        "{}", "{", '{"ts": 1, "level": "info"}', ours(level="loud"),
        "[1] 2026/99/99 01:02:03.004 [INF] x", "2026-99-22 01:02:03.004 UTC [88] LOG:  x",
        "{" * 5000, '{"a":' * 5000, "",
    ],
)  # fmt: skip
def test_what_is_no_known_line_is_kept_as_it_is(raw):
    line = read_line(raw)
    assert (line.time_ns, line.level, line.message, line.raw) == (0, "info", raw, raw)


@given(st.text(max_size=200))
def test_any_text_is_a_line_that_can_be_shown(raw):
    line = read_line(raw)
    assert line.level in LEVELS
    assert "\x1b" not in words_of(line)


def test_the_time_of_day_has_a_date_only_when_it_is_another_day():
    assert clock_of(TIME_NS, TIME_NS + 1) == "01:02:03.004"
    assert clock_of(TIME_NS, TIME_NS + 86_400 * 10**9) == "2026-11-22 01:02:03.004"
    assert clock_of(0, TIME_NS).strip() == "-"


def test_printable_text_stays_and_the_rest_is_escaped():
    assert printable("ä\tb") == "ä\tb"
    assert printable("a\x07\u202e") == r"a\x07\u202e"
