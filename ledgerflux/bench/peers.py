"""Other programs' handlers on the same frames, each in an environment of its own.

An environment is made only when asked for, in the user's cache; what is not there is named
as not installed. A peer is a child process that does one round for each line it reads.
"""

import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from ledgerflux.bench.loads import Load
from ledgerflux.errors import MissingDependency
from ledgerflux.settings.places import cache_dir

SCRIPTS = Path(__file__).parent / "peer_scripts"


class Program(msgspec.Struct, frozen=True):
    """Another program: what pip installs, our script for it, and the figures it gives.

    `keys` are those figures, by the round of ours that is set against it.
    """

    name: str
    requirement: str
    script: str
    keys: Mapping[str, str]
    conditions: str


PROGRAMS = (
    Program(
        "cryptofeed",
        "cryptofeed==2.4.1",
        "cryptofeed_peer.py",
        {
            "whole": "against_cryptofeed",
            "book": "book_against_cryptofeed",
            "whole_tens": "against_cryptofeed_tens",
        },
        "cryptofeed 2.4.1's message_handler, its asks repaired",
    ),
    Program(
        "ccxt",
        "ccxt==4.5.90",
        "ccxt_peer.py",
        {"whole": "against_ccxt"},
        "ccxt 4.5.90's handle_message",
    ),
)


class Peer:
    """A program at work on frames; `missing` says why it is not, None where it is."""

    def __init__(self, program: Program, missing: str | None) -> None:
        self.name = program.name
        self.keys = program.keys
        self.conditions = program.conditions
        self.missing = missing
        self._child: subprocess.Popen[str] | None = None

    def start(self, python: Path, script: Path, frames: Path) -> None:
        """Start the child; it says how much it holds after a first round."""
        self._child = subprocess.Popen(  # noqa: S603
            [python, script, frames], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        answer = self._child.stdout.readline() if self._child.stdout else ""
        if not answer.startswith("ready"):
            self.missing = f"its script ended: {answer.strip() or self._child.wait()}"

    def round(self) -> float:
        """Do the frames once; return CPU seconds a frame."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        return float(child.stdout.readline())

    def stop(self) -> None:
        """End the child."""
        child = self._child
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            child.wait()


@contextmanager
def open_peers(load: Load, *, install: bool) -> Iterator[Sequence[Peer]]:
    """Yield every program that knows the dialect of `load`, started where it is installed.

    Raises:
        MissingDependency: `install`, and pip could not.
    """
    if load.venue != "coinbase-advanced":
        yield ()
        return
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="lf-bench-")))
        frames = folder / "frames.json"
        frames.write_bytes(
            msgspec.json.encode(
                {
                    "products": load.products,
                    "head": [frame.decode() for frame in load.head],
                    "frames": [frame.decode() for frame in load.frames],
                }
            )
        )
        peers = []
        for program in PROGRAMS:
            python = environment_of(program, os.environ) / "bin" / "python"
            if install:
                _install(program, python)
            there = python.exists()
            peer = Peer(program, None if there else "not installed: lf bench normalize --peers")
            held.callback(peer.stop)
            if there:
                peer.start(python, SCRIPTS / program.script, frames)
            peers.append(peer)
        yield peers


def environment_of(program: Program, environment: Mapping[str, str]) -> Path:
    """Return where the environment of `program` is kept: below `XDG_CACHE_HOME` or `~/.cache`."""
    return environment_root(environment) / program.requirement.replace("==", "-")


def environment_root(environment: Mapping[str, str]) -> Path:
    """Return where environments are kept: one Python's apart from another's.

    Who is measured against us runs on what we run on: two builds of one version differ by a
    fifth.
    """
    built = zlib.crc32(f"{sys.base_prefix} {sys.version}".encode())
    return cache_dir(environment) / "bench" / f"{sys.implementation.cache_tag}-{built:08x}"


def _install(program: Program, python: Path) -> None:
    marker = python.parents[1] / "installed.json"
    if marker.exists():
        return
    commands: tuple[Sequence[str | Path], ...] = (
        (sys.executable, "-m", "venv", python.parents[1]),
        (python, "-m", "pip", "install", "--quiet", program.requirement),
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise MissingDependency(f"{program.requirement} can't be installed: {last}")
    marker.write_text(json.dumps({"requirement": program.requirement}), encoding="utf-8")
