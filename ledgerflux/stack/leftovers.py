"""Ending what a stack left behind when its supervisor could not."""

import contextlib
import signal
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import psutil

from ledgerflux.stack.run_dir import RunDir, RunState

GRACE_S = 2.0
WARDEN_PROGRAM = "warden_main.py"
NURSERY_MODULE = "ledgerflux.stack.nursery_main"
"""Of the nursery, and of the roles forked from it: they share its command line."""
ROLE_MARK = ("-P", "-m", "ledgerflux.stack.child")
"""How a supervisor starts roles, after the interpreter."""


def processes_of(state: RunState | None, data_dir: Path) -> dict[str, psutil.Process]:
    """Return the living processes that `run.json` names and whose command names `data_dir`.

    The command line is asked because a pid may belong to a stranger by now.
    """
    if state is None:
        return {}
    pids = {service.name: service.pid for service in state.services if service.pid is not None}
    found = {}
    for name, pid in {**pids, "warden": state.warden_pid}.items():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(pid)
            if any(str(data_dir) in word for word in process.cmdline()):
                found[name] = process
    return found


def processes_in(run_dir: RunDir) -> dict[str, psutil.Process]:
    """Return what lives of the stack of a directory: by `run.json`, or without one by looking.

    Only for a directory that nobody holds.
    """
    state = run_dir.read()
    return _look_for(run_dir) if state is None else processes_of(state, run_dir.path)


def _look_for(run_dir: RunDir) -> dict[str, psutil.Process]:
    """Return the processes whose command line is one that a supervisor of `run_dir` starts."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            name = service_of(process.cmdline(), run_dir)
            if name:
                found[name if name not in found else f"{name} {process.pid}"] = process
    return found


def service_of(argv: Sequence[str], run_dir: RunDir) -> str:
    """Return which service of `run_dir` is run by the command `argv`, empty where none.

    A role that somebody started by hand is none of the stack's.
    """
    words = set(argv)
    if str(run_dir.nats / "nats.conf") in words:
        return "nats"
    if str(run_dir.postgres / "data") in words:
        return "postgres"
    if str(run_dir.path) not in words:
        return ""
    if any(word.endswith(WARDEN_PROGRAM) for word in argv):
        return "warden"
    if NURSERY_MODULE in words:
        return "nursery"
    role, shard = argv[len(ROLE_MARK) + 1 :][:1], _value_of("--shard", argv)
    if tuple(argv[1 : len(ROLE_MARK) + 1]) != ROLE_MARK or not role:
        return ""
    return f"{role[0]}-{shard}" if shard else role[0]


def _value_of(flag: str, argv: Sequence[str]) -> str:
    """Return the word after `flag`, empty where it is not there."""
    return next((value for word, value in pairwise(argv) if word == flag), "")


def end_leftovers(run_dir: RunDir) -> list[str]:
    """End what is left of a stack without supervisor; return the names of its services.

    A warden that is still at it gets its time; then the rest is asked and killed. Whoever
    calls holds the lock of the directory, or knows that nobody does.
    """
    left = processes_in(run_dir)
    warden = left.pop("warden", None)
    if warden is not None:
        psutil.wait_procs([warden], timeout=GRACE_S + 1.0)
    for name, process in left.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
    _wait_or_kill(left.values())
    return list(left)


def _wait_or_kill(processes: Iterable[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(list(processes), timeout=GRACE_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_S)
