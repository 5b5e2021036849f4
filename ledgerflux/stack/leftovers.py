"""Ending what a stack left behind when its supervisor could not."""

import contextlib
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from ledgerflux.stack.run_dir import RunDir, RunState

GRACE_S = 2.0


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


def end_leftovers(run_dir: RunDir) -> list[str]:
    """End what is left of a stack without supervisor; return the names of its services.

    A warden that is still at it gets its time; then the rest is asked and killed. Whoever
    calls holds the lock of the directory, or knows that nobody does.
    """
    left = processes_of(run_dir.read(), run_dir.path)
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
