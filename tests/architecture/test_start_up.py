"""What a command imports is what its user waits for."""

import json
import subprocess
import sys

import pytest

HEAVY = ("nats", "psycopg", "websockets", "pydantic", "msgspec", "rich", "psutil")
PROBE = """
import json, sys
sys.argv = ["lf", *json.loads(sys.argv[1])]
from ledgerflux_cli.app import run_command
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    code = run_command(sys.argv[1:])
heavy = {name.partition(".")[0] for name in sys.modules} & set(json.loads(sys.argv[0]))
print(json.dumps([code, sorted(heavy)]))
"""


def imported_by(arguments):
    """Return (exit code, heavy packages imported) of one command in a process of its own."""
    program = PROBE.replace("json.loads(sys.argv[0])", repr(list(HEAVY)))
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, heavy = json.loads(done.stdout)
    return code, heavy


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--help"], ["-h"], ["--version"], ["version"], ["version", "--json"],
        ["help"], ["help", "exit-codes"],
    ],
)  # fmt: skip
def test_help_and_version_import_nothing_heavy(arguments):
    assert imported_by(arguments) == (0, [])


@pytest.mark.parametrize(
    "command", ["up", "down", "status", "wait", "sub", "book", "replay", "verify"]
)
def test_the_help_of_a_command_imports_nothing_heavy(command):
    assert imported_by([command, "--help"]) == (0, [])


@pytest.mark.parametrize("role", ["exchange", "ingest", "normalize", "snapshot", "gateway"])
def test_the_help_of_a_role_imports_nothing_heavy(role):
    assert imported_by(["run", role, "--help"]) == (0, [])


def test_a_usage_error_imports_nothing_heavy():
    assert imported_by(["no-such-command"]) == (2, [])


@pytest.mark.parametrize("package", ["ledgerflux", "ledgerflux.errors", "ledgerflux_tui.view"])
def test_importing_the_library_loads_no_vendor(package):
    program = f"import {package}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"nats", "psycopg", "websockets", "typer", "rich", "prometheus_client"}
