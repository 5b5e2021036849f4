"""`lf tui` before it opens: what it refuses, and how."""

import http.server
import json
import os
import pty
import subprocess
import sys
import threading

import pytest

from ledgerflux.errors import GatewayError
from ledgerflux_cli.app import run_command
from ledgerflux_cli.commands import tui as module
from ledgerflux_tui.options import FPS_DEFAULT, FPS_MAX, FPS_MIN
from ledgerflux_tui.themes import NAMES
from ledgerflux_tui.views.names import VIEW_TITLES, view_named

LF = [sys.executable, "-m", "ledgerflux_cli"]


def in_a_terminal(*arguments):
    """Run `lf ARGUMENTS` with a terminal on all three streams; return exit code and output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*LF, *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    os.close(ours)
    return process.wait(30), output.decode(errors="replace")


@pytest.fixture
def nonsense():
    """A web server that is no gateway."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"hello": "world"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_without_a_terminal_it_says_what_to_use(capsys):
    assert run_command(["tui"]) == 2
    error = capsys.readouterr().err
    assert "needs a terminal" in error
    assert "lf top --once" in error


def test_without_a_stack_it_is_exit_3_and_names_the_next_command(tmp_path):
    code, output = in_a_terminal("tui", "--data-dir", str(tmp_path / "none"))
    assert code == 3
    assert "lf up" in output


def test_a_gateway_that_speaks_nonsense_is_exit_3_and_said(nonsense):
    code, output = in_a_terminal("tui", "--gateway", nonsense)
    assert code == 3
    assert "answered no status" in output


def test_a_gateway_that_is_not_there_is_exit_3():
    code, output = in_a_terminal("tui", "--gateway", "http://127.0.0.1:1")
    assert code == 3
    assert "no gateway answers" in output


@pytest.mark.parametrize(
    "arguments",
    [["nosuchview"], ["--theme", "plaid"], ["--fps", "0"], ["--fps", "31"], ["shards", "live"]],
)
def test_what_it_does_not_know_is_exit_2(arguments, capsys):
    assert run_command(["tui", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "view"),
    [
        ([], "overview"), (["live"], "overview"), (["live", "view"], "overview"),
        (["shards"], "shards"), (["Shards", "view"], "shards"), (["nothing"], None),
    ],
)  # fmt: skip
def test_views_are_named_in_words(words, view):
    assert view_named(words) == view


def test_what_the_help_names_is_what_there_is():
    assert module.THEMES.split("|") == list(NAMES)
    assert (module.FPS_MIN, module.FPS_MAX, module.FPS_DEFAULT) == (FPS_MIN, FPS_MAX, FPS_DEFAULT)
    text = module.tui.__annotations__["view"].__metadata__[0].help
    assert all(name in text for name in VIEW_TITLES)


def test_the_first_gateway_that_answers_is_enough(monkeypatch):
    answers = {"http://a:1": GatewayError("gone"), "http://b:2": None}

    def get_status(url):
        if answers[url] is not None:
            raise answers[url]

    monkeypatch.setattr("ledgerflux_cli.gateway_http.get_status", get_status)
    monkeypatch.setattr(
        "ledgerflux_cli.find_gateway.find_gateway", lambda *_: ["ws://a:1/v1/ws", "ws://b:2/v1/ws"]
    )
    assert module._reached(None, None) == ["ws://a:1/v1/ws", "ws://b:2/v1/ws"]


@pytest.mark.parametrize(
    ("environment", "encoding", "plain"),
    [
        ({}, "utf-8", False),
        ({"TERM": "linux"}, "utf-8", True),
        ({}, "ascii", True),
        ({}, None, True),
    ],
)
def test_terminals_that_have_ascii_alone_are_known(environment, encoding, plain):
    assert module.plain_terminal(environment, encoding) is plain


def test_products_are_read_as_everywhere():
    assert module._read_products("btc-usd, *-EUR,") == ["BTC-USD", "*-EUR"]
    assert module._read_products(None) is None
    assert module._read_products(" , ") is None
