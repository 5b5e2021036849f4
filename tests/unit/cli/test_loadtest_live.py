"""What a person sees while a load test runs."""

import io
import re

import pytest
from loadtests import made

from ledgerflux.loadtest.run import View
from ledgerflux_cli.loadtest_live import Screen


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def view(seconds):
    measured, _ = made(updates=100)
    return View(seconds, 60.0, measured, None)


def test_without_a_terminal_there_is_a_line_every_five_seconds():
    stream = io.StringIO()
    screen = Screen(stream, wanted=True)
    with screen.open():
        for quarter in range(45):  # 0 to 11 s
            screen.show(view(quarter / 4))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3, lines
    assert all("clients 2" in line for line in lines)


@pytest.mark.parametrize("stream", [io.StringIO(), _Terminal()], ids=["a file", "a terminal"])
def test_who_wants_no_screen_sees_none(stream):
    screen = Screen(stream, wanted=False)
    with screen.open():
        screen.show(view(1.0))
    assert stream.getvalue() == ""


def test_on_a_terminal_it_is_drawn_in_place_and_taken_away_at_the_end(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = _Terminal()
    screen = Screen(stream, wanted=True)
    with screen.open():
        for second in range(3):
            screen.show(view(float(second)))
            assert "clients 2" in stream.getvalue()
        drawn = stream.getvalue()
    assert "\x1b[1A" in drawn, "the lines before are drawn over"
    assert re.search(r"\x1b\[\?25h", stream.getvalue()), "the cursor is back"
    assert stream.getvalue().endswith("\x1b[2K"), "nothing of it stays"


def test_a_terminal_that_can_do_nothing_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = _Terminal()
    screen = Screen(stream, wanted=True)
    with screen.open():
        screen.show(view(0.0))
        screen.show(view(1.0))
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
