"""A real terminal: tmux with a server of the test's own, driven by keys and read as text."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stacks import until

PROMPT = "ready$"


class Terminal:
    """A shell in a window of so many columns and lines; what runs in it is a child of the shell."""

    def __init__(self, folder: Path, columns: int = 120, lines: int = 36, **environment) -> None:
        self.folder = folder
        self._socket = str(folder / "tmux")
        command = ["bash", "--norc", "--noprofile", "-i"]
        env = {**os.environ, "PS1": PROMPT, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environment}
        for name in ("TMUX", "COLUMNS", "LINES"):  # a worker of pytest-xdist may set the last two
            env.pop(name, None)
        subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", self._socket, "new-session", "-d",
             "-x", str(columns), "-y", str(lines), *command],
            env=env, check=True, cwd=folder,
        )  # fmt: skip
        self.shows(PROMPT)
        self.modes = self.stty("before")

    def _tmux(self, *words):
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def text(self, *, colours=False):
        """Return what the window shows."""
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def lines(self):
        return self.text().split("\n")

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def press(self, *keys):
        self._tmux("send-keys", *keys)

    def run(self, command):
        """Type a command and Enter."""
        self.type(command)
        self.press("Enter")

    def shows(self, text, timeout_s=30.0):
        until(lambda: text in self.text(), timeout_s, lambda: f"{text!r} in\n{self.text()}")

    def shows_no(self, text, timeout_s=30.0):
        until(lambda: text not in self.text(), timeout_s, lambda: f"no {text!r} in\n{self.text()}")

    def resize(self, columns, lines):
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def in_alternate_screen(self):
        return self._tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def mouse_is_taken(self):
        return self._tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "1"

    def cursor_is_shown(self):
        return self._tmux("display-message", "-p", "#{cursor_flag}").strip() == "1"

    def stty(self, name):
        """Return how the terminal is set, as `stty -a` tells the shell."""
        path = self.folder / f"stty-{name}"
        self.run(f"stty -a > {path}.part; mv {path}.part {path}")
        until(path.exists, 10.0, f"stty of {name}")
        return path.read_text().partition("\n")[2]  # without its size

    def lf(self, *arguments):
        """Start `lf ARGUMENTS`; its exit code will stand behind `code=`."""
        self.run(f"clear; {sys.executable} -m ledgerflux_cli {' '.join(arguments)}; echo code=$?")

    def is_as_before(self):
        """Hold that the terminal is as it was before anything ran in it."""
        assert not self.in_alternate_screen()
        assert not self.mouse_is_taken()
        assert self.cursor_is_shown()
        assert self.stty("after") == self.modes

    def close(self):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False)


@pytest.fixture
def terminal(tmp_path):
    """A window of 120 columns and 36 lines."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here")
    made = Terminal(tmp_path, TERM="xterm-256color")
    yield made
    made.close()
