"""`lf logs`: what it prints, and how it refuses."""

import json

import pytest

from ledgerflux.stack.logs import Entry
from ledgerflux.telemetry.log_lines import read_line
from ledgerflux_cli.app import run_command
from ledgerflux_cli.log_view import log_document, log_line, prefix_width
from ledgerflux_tui.lines import text_of

LINES = (
    '{"ts": "2020-11-22T01:02:03.004Z", "level": "info", "event": "role.ready", "n": 1}',
    '{"ts": "2020-11-22T01:02:04.004Z", "level": "warning", "event": "socket.closed"}',
    "Traceback (most recent call last):",
)


@pytest.fixture
def logs(tmp_path):
    """Return a call of `lf logs` on a directory in which a stack has ended."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ingest.log").write_text("\n".join(LINES) + "\n")
    (tmp_path / "logs" / "gateway.log").write_text("")
    return lambda *args: run_command(["logs", "--data-dir", str(tmp_path), *args])


def test_text_has_time_level_service_and_words(logs, capsys):
    assert logs() == 0
    assert capsys.readouterr().out.splitlines() == [
        "2020-11-22 01:02:03.004 INFO  ingest   role.ready n=1",
        "2020-11-22 01:02:04.004 WARN  ingest   socket.closed",
        "2020-11-22 01:02:04.004 ERROR ingest   Traceback (most recent call last):",
    ]


def test_raw_lines_are_those_of_the_file(logs, capsys):
    assert logs("-o", "raw", "--no-prefix") == 0
    assert capsys.readouterr().out.splitlines() == list(LINES)


def test_json_is_one_document_a_line(logs, capsys):
    assert logs("--json", "--tail", "2") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "schema": "lf.log/1",
        "ts": "2020-11-22T01:02:04.004000000Z",
        "service": "ingest",
        "level": "warning",
        "event": "socket.closed",
        "message": "",
        "fields": {},
    }
    assert second["message"] == LINES[2]


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        (["--tail", "1"], 1),
        (["--tail", "0"], 0),
        (["--tail", "all"], 3),
        (["--level", "warn"], 2),
        (["-i", "socket|Trace", "-e", "Trace"], 1),
        (["--since", "2020-11-22T01:02:04Z"], 2),
        (["--until", "2020-11-22T01:02:04Z"], 1),
        (["--since", "-1s", "--until", "-0.5s"], 0),
        (["gateway"], 0),
        (["-f"], 3),
        (["-f", "--until", "2020-11-22T01:02:04Z"], 1),
    ],
)
def test_which_lines(logs, capsys, flags, count):
    assert logs(*flags) == 0
    assert len(capsys.readouterr().out.splitlines()) == count


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["nonsense"], 2, "error[unknown_service]: no log of 'nonsense' here: there are gateway"),
        (["--since", "noon"], 2, "error[bad_argument]: --since: 'noon' is neither a time"),
        (["-i", "("], 2, "error[bad_argument]: --include: '(' is no regular expression"),
        (["--level", "loud"], 2, "'loud' is none of debug, info"),
        (["--tail", "-3"], 2, "'-3' is neither a number"),
        (["-o", "xml"], 2, "'xml' is none of text, raw, json"),
    ],
)
def test_mistakes_are_told_in_a_line(logs, capsys, flags, code, words):
    assert logs(*flags) == code
    assert words in capsys.readouterr().err


def test_without_a_service_the_words_follow_the_level():
    entry = Entry("ingest", read_line(LINES[0]))
    shown = text_of(log_line(entry, entry.line.time_ns, 0))
    assert shown == "01:02:03.004 INFO  role.ready n=1"
    assert prefix_width([]) == 0


def test_a_line_of_which_nobody_knows_the_time():
    assert log_document(Entry("x", read_line("words")))["ts"] is None
