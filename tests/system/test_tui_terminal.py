"""The dashboard in a real terminal: driven, ended in every way, and the terminal as before."""

import os
import signal
import sys

import psutil
import pytest
from stacks import Stack, until, wait_gone

pytestmark = pytest.mark.slow

CRASHING = """
import sys
import ledgerflux_tui.panels.tape as panel
def broken(*_, **__):
    raise RuntimeError("a presenter is broken")
panel.large_size = broken
sys.argv = ["lf", "tui", "--data-dir", sys.argv[1]]
from ledgerflux_cli.app import main
main()
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    made = Stack(tmp_path_factory.mktemp("tui") / "lf")
    made.start("--source", "synthetic:200")
    yield made
    made.down()


def opened(terminal, stack, *arguments):
    terminal.lf("tui", *arguments, "--data-dir", str(stack.data_dir))
    terminal.shows("∿ SYNTH 200")
    terminal.shows("mid ")


def process_of(stack):
    """Return the dashboard's process."""
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "tui" in (process.info["cmdline"] or []) and str(stack.data_dir) in process.cmdline()
    ]
    return found[0]


def test_it_opens_is_driven_resized_and_left(terminal, stack):
    opened(terminal, stack)
    assert terminal.in_alternate_screen()
    terminal.shows("▶ BTC-USD")
    terminal.press("j")
    terminal.shows("▶ DOGE-USD")
    terminal.shows("DOGE-USD book live")
    terminal.press("?")
    terminal.shows("Keys of Overview")
    terminal.press("Escape")
    terminal.shows_no("Keys of Overview")
    terminal.type(":eth-usd")
    terminal.shows("show its book and trades")
    terminal.press("Enter")
    terminal.shows("▶ ETH-USD")
    terminal.press("Space")
    terminal.shows("frozen")
    terminal.press("Space")
    terminal.shows_no("frozen")
    terminal.resize(80, 24)
    terminal.shows("shards ●●●●")
    terminal.resize(40, 10)
    terminal.shows("Terminal too small: 40 x 10")
    terminal.resize(160, 50)
    terminal.shows("Shards 4/4")
    terminal.press("q")
    terminal.shows("code=0")
    terminal.is_as_before()


def test_sigterm_gives_the_terminal_back(terminal, stack):
    opened(terminal, stack)
    process_of(stack).terminate()
    terminal.shows("code=143")
    terminal.is_as_before()


def test_ctrl_c_twice_gives_the_terminal_back(terminal, stack):
    opened(terminal, stack)
    terminal.press("C-c")
    terminal.shows("ctrl+c again leaves")
    terminal.press("C-c")
    terminal.shows("code=0")
    terminal.is_as_before()


def test_a_crash_says_so_in_a_line_and_gives_the_terminal_back(terminal, stack, tmp_path):
    program = tmp_path / "crashing.py"
    program.write_text(CRASHING)
    terminal.run(f"clear; {sys.executable} {program} {stack.data_dir}; echo code=$?")
    terminal.shows("code=1")
    assert "a presenter is broken" in terminal.text()
    assert "Traceback" not in terminal.text()
    terminal.is_as_before()


def test_without_colours_there_are_none(stack, terminal):
    terminal.run("export NO_COLOR=1")
    opened(terminal, stack)
    text = terminal.text(colours=True)
    assert [code for code in ("[31m", "[32m", "[38;", "[48;") if code in text] == []
    terminal.press("q")
    terminal.shows("code=0")


def test_no_mouse_leaves_the_mouse_to_the_terminal(terminal, stack):
    opened(terminal, stack)
    until(terminal.mouse_is_taken)
    terminal.press("q")
    terminal.shows("code=0")
    opened(terminal, stack, "--no-mouse")
    assert not terminal.mouse_is_taken()
    terminal.press("q")
    terminal.shows("code=0")


def test_one_frame_is_painted_without_a_terminal(stack):
    done = stack.lf("tui", "--once", "--size", "100x30")
    lines = done.stdout.splitlines()
    assert len(lines) == 30
    assert max(map(len, lines)) <= 100
    assert "∿ SYNTH 200" in lines[0]
    assert "▶ BTC-USD" in done.stdout
    assert "BTC-USD book live" in done.stdout
    svg = stack.lf("tui", "shards", "--once", "--format", "svg").stdout
    assert svg.startswith("<svg")
    assert "Shards" in svg
    ascii_frame = stack.lf("tui", "live", "view", "--once", "--ascii").stdout
    assert ascii_frame.isascii()


@pytest.mark.fault
def test_a_gateway_that_dies_keeps_the_picture_and_comes_back(terminal, stack):
    opened(terminal, stack)
    gateway = stack.pid("gateway")
    with stack.unsupervised():
        os.kill(gateway, signal.SIGKILL)
        terminal.shows("✕ DOWN")
        terminal.shows("STALE")
        assert "BTC-USD" in terminal.text()
    terminal.shows("∿ SYNTH 200", 60)
    terminal.shows_no("STALE")
    terminal.press("q")
    terminal.shows("code=0")
    terminal.is_as_before()


def test_it_ends_with_its_terminal(terminal, stack):
    opened(terminal, stack)
    process = process_of(stack)
    terminal.close()
    process.wait(10)


def test_nothing_of_it_stays(stack):
    wait_gone(lambda: [process for process in stack.processes() if "tui" in process.cmdline()])
