"""`lf down` without its terminal."""

import os
import shutil
import signal
import time
from typing import NamedTuple

from ledgerflux.adapters.embedded.postgres_host import remove_socket_directory
from ledgerflux.errors import ConfigError, StackError
from ledgerflux.stack.leftovers import end_leftovers
from ledgerflux.stack.run_dir import RunDir

STOP_TIMEOUT_S = 10.0
POLL_S = 0.02


class Stopped(NamedTuple):
    """What `stop_stack` found and did: services ended, by name."""

    was_running: bool
    services: list[str]
    volumes_deleted: bool


def stop_stack(run_dir: RunDir, *, volumes: bool = False) -> Stopped:
    """Stop the stack of a directory and everything it left behind; fine where nothing runs.

    Args:
        run_dir: Whose.
        volumes: Delete everything the directory holds, too.

    Raises:
        StackError: The supervisor belongs to somebody else.
        ConfigError: `volumes`, and the directory is none of ours.
    """
    if not run_dir.is_ours():
        path = run_dir.path
        if volumes and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"{run_dir.path} is no data directory", code="bad_argument")
        return Stopped(was_running=False, services=[], volumes_deleted=False)
    state = run_dir.read()
    pid = run_dir.holder()
    services = [s.name for s in state.services if s.pid is not None] if state and pid else []
    if pid is not None:
        _end_supervisor(run_dir, pid)
    with run_dir.lock():
        services += [name for name in end_leftovers(run_dir) if name not in services]
        remove_socket_directory(run_dir.postgres)
        run_dir.forget()
        if volumes:
            _delete_contents(run_dir)
    return Stopped(was_running=pid is not None, services=services, volumes_deleted=volumes)


def _end_supervisor(run_dir: RunDir, pid: int) -> None:
    """Ask the supervisor to stop its stack; kill it where it does not."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    try:
        os.kill(pid, signal.SIGTERM)
        while run_dir.holder() == pid:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(POLL_S)
    except PermissionError:
        raise StackError(f"the stack of {run_dir.path} belongs to another user") from None
    except ProcessLookupError:
        return


def _delete_contents(run_dir: RunDir) -> None:
    """Delete all but the lock, which we hold, and then that too."""
    for path in run_dir.path.iterdir():
        if path == run_dir.lock_path:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    run_dir.lock_path.unlink()
