"""What a dead stack left in its data directory, and taking that away."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from ledgerflux.adapters.embedded.postgres_host import remove_socket_directory, socket_directory_of
from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.stack.leftovers import end_leftovers, processes_of
from ledgerflux.stack.run_dir import MARKER, RunDir, disk_bytes

Kind = Literal["process", "remains", "logs", "data"]


class Leftover(NamedTuple):
    """One thing that is left.

    `process`: of a stack whose supervisor died. `remains`: files that say that something
    runs, or that were being written. `logs`. `data`: what the next start would go on from.
    """

    kind: Kind
    name: str
    size_bytes: int


def find_leftovers(run_dir: RunDir, *, data: bool) -> list[Leftover]:
    """Return what `clean` would take away; with `data`, everything the directory holds.

    Raises:
        ConfigError: The directory is none of ours.
        Conflict: A stack runs there.
    """
    if not run_dir.path.exists():
        return []
    if not run_dir.is_ours():
        if any(run_dir.path.iterdir()):
            raise ConfigError(f"{run_dir.path} is no data directory", code="bad_argument")
        return []
    holder = run_dir.holder()
    if holder is not None:
        raise Conflict(
            f"a stack runs in {run_dir.path} (pid {holder})",
            try_next=["lf down", "lf down --volumes   (with its data)"],
        )
    return [*_processes(run_dir), *_files(run_dir, data=data)]


def clean(run_dir: RunDir, *, data: bool) -> list[Leftover]:
    """Take away what `find_leftovers` names, and say what it was.

    Raises:
        ConfigError: The directory is none of ours.
        Conflict: A stack runs there, or starts at this moment.
    """
    if not find_leftovers(run_dir, data=data):
        return []
    with run_dir.lock():
        # Asked again: between the question and the lock a stack may have come and gone.
        left = [*_processes(run_dir), *_files(run_dir, data=data)]
        end_leftovers(run_dir)
        remove_socket_directory(run_dir.postgres)
        for path in _paths(run_dir, data=data):
            _remove(path)
        if data:
            run_dir.lock_path.unlink()
    return left


def _processes(run_dir: RunDir) -> Iterator[Leftover]:
    for name, process in processes_of(run_dir.read(), run_dir.path).items():
        yield Leftover("process", f"{name} (pid {process.pid})", 0)


def _files(run_dir: RunDir, *, data: bool) -> Iterator[Leftover]:
    for path in _paths(run_dir, data=data):
        yield Leftover(_kind_of(path, run_dir), path.name, _size_of(path))
    sockets = socket_directory_of(run_dir.postgres)
    if sockets != run_dir.postgres and sockets.exists():
        yield Leftover("remains", str(sockets), 0)


def _paths(run_dir: RunDir, *, data: bool) -> Iterator[Path]:
    """Yield what is to be removed: data last, and the marker that makes it ours after that."""
    kept = (run_dir.path / MARKER, run_dir.lock_path)
    held = [path for path in sorted(run_dir.path.iterdir()) if path not in kept]
    order: tuple[Kind, ...] = ("remains", "logs", "data")
    for kind in order if data else order[:-1]:
        yield from (path for path in held if _kind_of(path, run_dir) == kind)
    if data:
        yield run_dir.path / MARKER


def _kind_of(path: Path, run_dir: RunDir) -> Kind:
    if path == run_dir.logs:
        return "logs"
    half_written = path.name.startswith(".") and path.name != MARKER
    return "remains" if path == run_dir.run_path or half_written else "data"


def _size_of(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return disk_bytes(path)
    return path.lstat().st_blocks * 512


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
