"""What the command line says is what is kept: help, topics, and one line for each mistake."""

import json

import pytest
from goldens import FOLDER, GOLDENS, NONSENSE, said

WIDTH = 80


@pytest.mark.parametrize("name", GOLDENS)
def test_the_command_line_says_what_is_kept(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == GOLDENS[name](), "run `just docs`"


def test_nothing_is_kept_that_nobody_says():
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDENS)


@pytest.mark.parametrize("line", NONSENSE.splitlines())
def test_a_mistake_is_one_line_and_a_way_on(line):
    out, err, code = said(line)
    first, *rest = err.splitlines()
    assert (out, code in (2, 3)) == ("", True), (line, err, code)
    assert first.startswith("error[")
    assert all(text.startswith(("  next: ", "        ")) for text in rest)
    assert "Traceback" not in err
    assert "(a bug in lf)" not in err


@pytest.mark.parametrize("name", [name for name in GOLDENS if name.startswith("lf")])
def test_help_is_plain_text_that_fits_a_terminal(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert not set(text) & set("─│┌└╭╰\x1b")


def test_an_error_as_json_is_one_object_with_these_keys():
    for line in (FOLDER / "errors.json").read_text(encoding="utf-8").splitlines():
        error = json.loads(line)["error"]
        assert list(error) == ["code", "exit", "message", "next", "retryable"]
