"""Other people's programs: found, run, read."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ledgerflux.errors import MissingDependency

TIMEOUT_S = 60.0


class Outcome(NamedTuple):
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """Return the last line it said, of its errors first; its code where it said nothing."""
        lines = [line for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit {self.code}"


def find_program(name: str) -> str | None:
    """Return the path of a program: on PATH, else beside this Python; None where it is nowhere."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def needed(name: str, hint: str) -> str:
    """Return the path of a program.

    Raises:
        MissingDependency: It is nowhere; `hint` says how to get it.
    """
    found = find_program(name)
    if found is None:
        raise MissingDependency(f"{name} is not on PATH", try_next=[hint])
    return found


def run(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    timeout_s: float = TIMEOUT_S,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a program to its end; one that takes longer is ended, with the code 124."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=env,
        )
    except subprocess.TimeoutExpired:
        return Outcome(124, "", f"{Path(argv[0]).name} did not end within {timeout_s:.0f} s")
    return Outcome(done.returncode, done.stdout, done.stderr)


def ask(name: str, *arguments: str) -> Outcome | None:
    """Run a program that says something; None where there is no such program."""
    program = find_program(name)
    return None if program is None else run([program, *arguments])


def follow(argv: Sequence[str], on_line: Callable[[str], None]) -> Outcome:
    """Run a program; tell each line it writes, whichever way, as it comes."""
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own arguments
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            on_line(lines[-1])
    return Outcome(process.returncode, "\n".join(lines), "")
