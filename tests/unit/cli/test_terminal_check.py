import io
import os

import pytest

from ledgerflux_cli.terminal_check import terminal


class Screen(io.StringIO):
    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def size(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda _: os.terminal_size((120, 40)))


def test_no_terminal_is_a_skip():
    assert terminal(io.StringIO(), {}).result == "SKIP"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "xterm-256color"}, "256 colours"),
        ({"TERM": "xterm"}, "16 colours"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "true colours"),
        ({"TERM": "dumb"}, "no colours (TERM=dumb)"),
        ({}, "no colours (TERM=unset)"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "no colours (NO_COLOR)"),
    ],
)
def test_a_good_terminal_passes_with_its_colours_and_size(environment, said):
    found = terminal(Screen(), environment)
    assert (found.result, found.finding) == ("PASS", f"UTF-8, {said}, 120x40")


def test_a_terminal_without_our_signs_or_too_small_is_a_warning(monkeypatch):
    assert terminal(Screen("iso8859-1"), {}).fix == "export LANG=C.UTF-8"
    monkeypatch.setattr("shutil.get_terminal_size", lambda _: os.terminal_size((20, 40)))
    assert terminal(Screen(), {}).result == "WARN"
