"""`lf dlq`: what it prints, and how it refuses."""

import json

import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.stack import dead_letters
from ledgerflux.stack.dead_letters import Found, Letter
from ledgerflux.wire.dead_letter import LetterHead
from ledgerflux_cli.app import run_command

AT_NS = 1_600_000_000_123_456_789
FRAME = LetterHead("v", 7, "encoding", "byte 0xff", raw_number=3, frame=1, receive_ns=AT_NS)
ROW = LetterHead("v", 9, "history", "price \x1b[2J", norm_number=5, table="trade")
LETTERS = [Letter(1, FRAME, 9, b"\xff{\x1b\n}"), Letter(2, ROW, 3, b"row")]


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """Return the queries that were made of a stack with two letters."""
    queries = []
    monkeypatch.setenv("COLUMNS", "120")

    def find(run_dir, query):
        queries.append(query)
        return Found(LETTERS[: query.limit], 2)

    def get(run_dir, number):
        for letter in LETTERS:
            if letter.number == number:
                return letter
        raise ConfigError(f"MD_DLQ holds no {number}", code="unknown_letter")

    monkeypatch.setattr(dead_letters, "find_letters", find)
    monkeypatch.setattr(dead_letters, "get_letter", get)
    return queries


def test_the_list_names_reason_place_and_time(capsys):
    assert run_command(["dlq", "ls"]) == 0
    title, first, second = capsys.readouterr().out.splitlines()
    assert title.split() == ["ID", "RECEIVED", "PART", "RECORD", "REASON", "BYTES", "DETAIL"]
    assert first.split() == [
        "1", "2020-09-13T12:26:40.123", "07", "RAW", "3/1", "encoding", "9", "byte", "0xff",
    ]  # fmt: skip
    assert second.split()[1:6] == ["-", "09", "trade", "of", "NORM"]
    assert "\x1b" not in second


def test_what_is_asked_for(asked, capsys):
    assert run_command(["dlq", "ls", "--product", "btc-usd", "--reason", "x", "--limit", "1"]) == 0
    assert asked == [("BTC-USD", "x", 1)]
    assert "1 of 2" in capsys.readouterr().err


def test_the_list_as_json(capsys):
    assert run_command(["dlq", "ls", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["held"]) == ("lf.dlq/1", 2)
    first, second = document["letters"]
    assert (first["id"], first["text"], first["base64"]) == (1, None, "/3sbCn0=")
    assert (first["ts_receive"], first["complete"]) == ("2020-09-13T12:26:40.123456789Z", False)
    assert (second["text"], second["table"], second["complete"]) == ("row", "trade", True)


def test_one_letter_is_shown_without_harm(capsys):
    assert run_command(["dlq", "show", "1"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-2:] == [r"\xff{\x1b", "}"]
    assert "encoding: byte 0xff" in out
    assert "\x1b" not in out


def test_one_letter_in_hex_and_as_json(capsys):
    assert run_command(["dlq", "show", "2", "-o", "hex"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("00000000  72 6f 77")
    assert run_command(["dlq", "show", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "lf.dlq-letter/1"


def test_raw_bytes_are_those_that_came(capsysbinary):
    assert run_command(["dlq", "show", "1", "-o", "raw"]) == 0
    assert capsysbinary.readouterr().out == LETTERS[0].content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ls", "--product", "?"], "'?' is no product id"),
        (["ls", "--reason", "a.>"], "'a.>' is no reason"),
        (["ls", "--limit", "0"], "--limit"),
        (["show", "99"], "holds no 99"),
        (["show", "1", "-o", "xml"], "'xml' is none of text"),
    ],
)
def test_mistakes_are_told_in_a_line(capsys, arguments, words):
    assert run_command(["dlq", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_nothing_refused_is_said(monkeypatch, capsys):
    monkeypatch.setattr(dead_letters, "find_letters", lambda run_dir, query: Found([], 0))
    assert run_command(["dlq", "ls"]) == 0
    assert capsys.readouterr().err == "nothing was refused\n"
