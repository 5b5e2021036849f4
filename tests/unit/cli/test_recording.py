"""`lf recording`: what it prints, and how it ends."""

import json

import pytest

from ledgerflux_cli.app import run_command

FRAME = '{"channel":"heartbeats","sequence_num":%d,"events":[{"heartbeat_counter":1}]}'


def write(path, *numbers):
    lines = [
        json.dumps(
            {"ts": 1_600_000_000_000_000_000 + number, "conn": "c1\x1b", "raw": FRAME % number}
        )
        for number in numbers
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_info_says_what_a_recording_holds(tmp_path, capsys):
    assert run_command(["recording", "info", write(tmp_path / "a.jsonl", 1, 2, 3)]) == 0
    out = capsys.readouterr().out
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert facts["venue"] == "coinbase-advanced"
    assert facts["frames"] == "3 in 3 lines"
    assert facts["span"].startswith("2020-09-13T12:26:40.000Z")
    assert facts["channels"] == "heartbeats 3"
    assert facts["connections"] == r"c1\x1b: 3 frames, numbers 1 to 3"
    assert facts["sequence"] == "no gap, no repeat"
    assert len(facts["sha256"]) == 64
    assert "\x1b" not in out


def test_info_of_a_damaged_recording_points_to_verify(tmp_path, capsys):
    assert run_command(["recording", "info", write(tmp_path / "a.jsonl", 1, 3)]) == 0
    said = capsys.readouterr()
    assert "1 gaps" in said.out
    assert "lf recording verify" in said.err


def test_verify_ends_with_0_or_7(tmp_path, capsys):
    assert run_command(["recording", "verify", write(tmp_path / "a.jsonl", 1, 2)]) == 0
    assert capsys.readouterr().out == "whole: 2 frames in 2 lines, no gap, no repeat\n"
    assert run_command(["recording", "verify", write(tmp_path / "b.jsonl", 1, 3)]) == 7
    first, last = capsys.readouterr().out.splitlines()
    assert first == r"line 2: gap: c1\x1b: 1 missing before number 3"
    assert last == "NOT whole: 2 frames in 2 lines, 1 gaps"


def test_verify_and_info_as_json(tmp_path, capsys):
    path = write(tmp_path / "b.jsonl", 1, 3)
    for command, schema, code in (
        ("info", "lf.recording/1", 0),
        ("verify", "lf.recording-verify/1", 7),
    ):
        assert run_command(["recording", command, path, "--json"]) == code
        document = json.loads(capsys.readouterr().out)
        assert (document["schema"], document["ok"]) == (schema, False)
        assert document["problems_total"] == {"gap": 1}
        assert document["problems"][0]["line"] == 2
        assert document["connections"]["c1\x1b"]["last_number"] == 3


def test_ls_lists_a_directory(tmp_path, capsys):
    write(tmp_path / "a.jsonl", 1)
    (tmp_path / "b.jsonl").write_text('{"raw":"{}"}\n')
    assert run_command(["recording", "ls", str(tmp_path)]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[0::3] == ["a.jsonl", "coinbase-advanced"]
    assert "can't be played" in second
    assert run_command(["recording", "ls", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["playable"] for row in document["recordings"]] == [True, False]


def test_an_empty_directory_is_said(tmp_path, capsys):
    assert run_command(["recording", "ls", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", f"no recording in {tmp_path}\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ls", "nowhere"], "bad_argument"),
        (["info", "nowhere"], "bad_recording"),
        (["verify", "nowhere"], "bad_recording"),
        (["info", "."], "bad_recording"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(tmp_path, monkeypatch, capsys, arguments, code):
    monkeypatch.chdir(tmp_path)
    assert run_command(["recording", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error[{code}]: ")


def test_a_file_of_which_nothing_can_be_read(tmp_path, capsys):
    path = tmp_path / "x.jsonl"
    path.write_text("no json\n")
    assert run_command(["recording", "info", str(path)]) == 2
    assert "x.jsonl: JSON is malformed" in capsys.readouterr().err
    assert run_command(["recording", "verify", str(path)]) == 7
    said = capsys.readouterr()
    assert said.out.startswith("line 1: unreadable: JSON is malformed")
    assert "no dialect of ours knows its frames" in said.err
