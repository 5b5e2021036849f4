"""Programs are found, run and read."""

import sys

import pytest

from ledgerflux.deploy.programs import Outcome, find_program, follow, needed, run
from ledgerflux.errors import MissingDependency


def test_a_program_beside_this_python_is_found_without_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_program("python") is not None
    assert find_program("no-such-program") is None


def test_a_missing_program_names_the_way_to_it():
    with pytest.raises(MissingDependency) as caught:
        needed("no-such-program", "install it")
    assert caught.value.try_next == ("install it",)


def test_run_returns_what_was_written_and_how_it_ended():
    code = "import sys; print(sys.stdin.read()); sys.stderr.write('err'); sys.exit(3)"
    assert run([sys.executable, "-c", code], stdin="in") == (3, "in\n", "err")


def test_a_program_that_takes_too_long_is_ended():
    outcome = run([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=0.2)
    assert outcome.code == 124
    assert "did not end" in outcome.err


def test_follow_tells_each_line_of_both_outputs():
    told = []
    code = "import sys; print('a', flush=True); sys.stderr.write('b\\n'); sys.exit(2)"
    assert follow([sys.executable, "-c", code], told.append) == (2, "a\nb", "")
    assert told == ["a", "b"]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(1, "a\n b \n\n", ""), "b"),
        (Outcome(1, "said", "warning\nerror\n"), "error"),
        (Outcome(7, "", ""), "exit 7"),
    ],
)
def test_the_last_line_says_how_it_ended(outcome, line):
    assert outcome.last_line == line
