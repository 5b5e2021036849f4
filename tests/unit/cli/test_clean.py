"""`lf clean`: says what, asks, removes."""

import json
import sys

import pytest

from ledgerflux.stack.run_dir import RunDir
from ledgerflux_cli.app import run_command


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path / "lf")
    made.claim()
    made.logs.mkdir()
    made.nats.mkdir()
    return made


def lf_clean(run_dir, *flags):
    return run_command(["clean", "--data-dir", str(run_dir.path), *flags])


def test_a_dry_run_says_what_would_go(run_dir, capsys):
    assert lf_clean(run_dir, "--dry-run", "--data") == 0
    out = capsys.readouterr().out
    assert all(line.startswith("would remove  ") for line in out.splitlines())
    assert "data     nats" in out
    assert run_dir.nats.exists()


def test_it_removes_and_says_so(run_dir, capsys):
    assert lf_clean(run_dir, "--yes", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "lf.clean/1"
    assert [(row["kind"], row["name"]) for row in document["removed"]] == [("logs", "logs")]
    assert run_dir.nats.exists()
    assert not run_dir.logs.exists()
    assert lf_clean(run_dir, "--yes") == 0
    assert "nothing to clean" in capsys.readouterr().err


def test_where_nobody_can_be_asked_it_needs_yes(run_dir, capsys):
    assert lf_clean(run_dir) == 2
    assert "needs --yes" in capsys.readouterr().err
    assert run_dir.logs.exists()


@pytest.mark.parametrize(("answer", "code", "stays"), [("n\n", 130, True), ("y\n", 0, False)])
def test_on_a_terminal_it_asks(run_dir, monkeypatch, capsys, answer, code, stays):
    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return answer

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt="": answer.strip())
    assert lf_clean(run_dir) == code
    assert "logs     logs" in capsys.readouterr().err
    assert run_dir.logs.exists() is stays


def test_a_running_stack_is_refused_with_6(run_dir, capsys):
    with run_dir.lock():
        assert lf_clean(run_dir, "--yes") == 6
    assert "error[already_running]: a stack runs in" in capsys.readouterr().err
