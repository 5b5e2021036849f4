"""What a program imports is what its user waits for, and what it holds in memory.

Each case is a process of its own that prints the packages it has loaded.
"""

import json
import subprocess
import sys

import pytest

VENDORS = {
    "cryptography", "jwt", "msgspec", "nats", "prometheus_client", "psutil", "psycopg", "pydantic",
    "rich", "textual", "typer", "websockets",
}  # fmt: skip
SLOW = {"asyncio"}
"""Of the standard library."""
CLIENTS = {"nats", "psycopg", "websockets", "textual"}

LOADED = """
import json, sys
before = {name.partition(".")[0] for name in sys.modules}
def loaded():
    after = {name.partition(".")[0] for name in sys.modules} - before
    print(json.dumps(sorted(after)))
"""
QUIETLY = """
import contextlib, io
from ledgerflux_cli.app import run_command
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for arguments in json.loads(sys.argv[1]):
        assert run_command(arguments) in (0, 2), arguments
"""
EVERY_HELP = """
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.root import build_command
import contextlib, io
from ledgerflux_cli.app import run_command
roles = ("exchange", "ingest", "normalize", "snapshot", "gateway")
with contextlib.redirect_stdout(io.StringIO()):
    for words in [[row.name] for row in COMMANDS] + [["run", role] for role in roles]:
        assert run_command([*words, "--help"]) == 0, words
"""
ROLE = """
import ledgerflux.stack.child
import asyncio, pathlib, types
from contextlib import AsyncExitStack
from ledgerflux.settings import RoleSettings
from ledgerflux.stack.build import BUILDERS, Tools, SystemClock
role, path = sys.argv[1:]
if role == "background":
    import ledgerflux.stack.background
else:
    settings = RoleSettings(data_dir=pathlib.Path(path), nats_url="", postgres_dsn="")
    async def build():
        async with AsyncExitStack() as held:
            bus = types.SimpleNamespace()
            await BUILDERS[role](settings, Tools(bus, SystemClock(), "writer", held))
    asyncio.run(build())
"""


def loaded_by(program, *arguments):
    """Return the top-level packages that `program` loads, beside those of any Python."""
    done = subprocess.run(
        [sys.executable, "-c", f"{LOADED}{program}\nloaded()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def loaded_by_lf(*commands):
    return loaded_by(QUIETLY, json.dumps(commands))


def test_the_library_alone_loads_no_package_of_others():
    ours = {"ledgerflux"}
    assert loaded_by("import ledgerflux") - set(sys.stdlib_module_names) == ours


@pytest.mark.parametrize("module", ["ledgerflux.errors", "ledgerflux_tui.view"])
def test_errors_and_screens_load_no_vendor(module):
    assert not loaded_by(f"import {module}") & VENDORS


def test_help_and_version_are_answered_without_the_parser():
    said = loaded_by_lf(
        [], ["--help"], ["-h"], ["help"], ["--version"], ["version"], ["version", "--json"]
    )
    assert not said & (VENDORS | SLOW)


def test_the_help_of_every_command_loads_the_parser_alone():
    assert loaded_by(EVERY_HELP) & (VENDORS | SLOW) == {"typer"}


def test_a_mistake_loads_the_parser_alone():
    said = loaded_by_lf(["no-such-command"], ["up", "--no-such-flag"], ["help", "exit-codes"])
    assert said & (VENDORS | SLOW) == {"typer"}


@pytest.mark.parametrize(
    ("role", "vendors"),
    [
        ("exchange", {"nats", "websockets"}),
        ("ingest", {"nats", "websockets"}),
        ("normalize", {"nats"}),
        ("snapshot", {"nats", "psycopg"}),
        ("gateway", {"nats", "websockets", "pydantic"}),
        ("background", {"nats", "psutil"}),
    ],
)
def test_each_process_of_a_stack_loads_only_its_own_vendors(role, vendors, tmp_path):
    assert loaded_by(ROLE, role, str(tmp_path)) & VENDORS == {"msgspec", *vendors}
