"""The scripts of `lf completion`, in the shells that are here."""

import os
import shutil
import subprocess
import sys

import pytest

from ledgerflux_cli.app import run_command
from ledgerflux_cli.completion_scripts import SCRIPTS

DRIVE = """
source "$1"
read -ra COMP_WORDS <<< "$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
[[ ${COMP_WORDS[COMP_CWORD]} == _ ]] && COMP_WORDS[COMP_CWORD]=""
COMP_WORDS[0]=$3
_lf_complete
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def lf(tmp_path):
    """A program that is `lf`, in a home of its own."""
    program = tmp_path / "lf"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ledgerflux_cli "$@"\n')
    program.chmod(0o755)
    return program


def in_bash(lf, words):
    """Complete `words` (as bash breaks the line; `_` is an empty last word) in a real bash."""
    script = lf.with_name("script")
    script.write_text(SCRIPTS["bash"])
    done = subprocess.run(
        ["bash", "-c", DRIVE, "bash", str(script), words, str(lf)],
        env={**os.environ, "HOME": str(lf.parent)},
        cwd=lf.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lf comp", ["completion"]),
        ("lf wait --for h", ["healthy"]),
        ("lf wait --for = la", ["lag=0"]),
        ("lf wait --for lag =", ["0"]),
        ("lf up --source = rep", ["replay:"]),
        ("lf up --source replay : data/", ["data/day.jsonl.gz"]),
        ("lf up --at-end _", ["hold", "exit", "loop"]),
        ("lf nonsense _", []),
    ],
)
def test_bash_completes(lf, words, found):
    (lf.parent / "data").mkdir()
    (lf.parent / "data" / "day.jsonl.gz").write_text("")
    assert in_bash(lf, words) == found


def test_bash_takes_the_script_as_its_users_load_it(lf):
    loaded = f'source <("{lf}" completion bash); complete -p lf ledgerflux'
    done = subprocess.run(["bash", "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "complete -F _lf_complete lf"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_shell_gets_a_script_that_asks_for_candidates(shell, capsys):
    assert run_command(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert script == SCRIPTS[shell]
    assert "__complete" in script
    assert f"lf completion {shell}" in script
    assert "ledgerflux" in script


def test_every_shell_that_is_here_can_read_its_script(tmp_path):
    flags = {"bash": "-n", "zsh": "-n", "fish": "--no-execute"}
    here = [shell for shell in SCRIPTS if shutil.which(shell)]
    assert "bash" in here
    for shell in here:
        script = tmp_path / shell
        script.write_text(SCRIPTS[shell])
        subprocess.run([shell, flags[shell], str(script)], check=True)


def test_an_unknown_shell_is_a_mistake_in_one_line(capsys):
    assert run_command(["completion", "bsh"]) == 2
    assert "none of bash, zsh, fish: did you mean bash?" in capsys.readouterr().err


def test_completing_imports_nothing_that_takes_time():
    program = (
        "import sys; from ledgerflux_cli.app import run_command;"
        "run_command(['__complete', 'book', '']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "BTC-USD" in done.stdout
    heavy = {"typer", "msgspec", "pydantic", "nats", "websockets", "rich", "psutil", "asyncio"}
    assert not heavy & {name.partition(".")[0] for name in done.stderr.split()}
