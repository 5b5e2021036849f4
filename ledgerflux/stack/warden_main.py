"""The warden: ends the children of a supervisor that died without ending them itself.

Run by path, as `python -I -S warden_main.py DATA_DIR`, so that it starts at once and
stays small. Its standard input is a pipe that only the supervisor holds open. Lines::

    +PID SIGNAL   a child, and the signal that asks it to stop
    -PID          the child has ended
    bye           the supervisor ends its children itself

At the end of input without `bye` the supervisor is gone: every child left that still
names DATA_DIR in its command line is asked to stop, and killed two seconds later.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 2.0
POLL_S = 0.02
COMMAND_BYTES_MAX = 65_536


def listen(lines: Iterable[str]) -> dict[int, int]:
    """Return the children left at the end of `lines`, pid to stop signal; none after `bye`."""
    children: dict[int, int] = {}
    for line in lines:
        word = line.strip()
        if word == "bye":
            return {}
        if word.startswith("+"):
            pid, stop_signal = word[1:].split()
            children[int(pid)] = int(stop_signal)
        elif word.startswith("-"):
            children.pop(int(word[1:]), None)
    return children


def names(pid: int, data_dir: str) -> bool:
    """Say whether process `pid` lives and has `data_dir` in its command line."""
    try:
        file = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY)
    except FileNotFoundError:
        return not os.access("/proc/self", os.F_OK) and data_dir in _asked_of_ps(pid)
    try:
        return os.fsencode(data_dir) in os.read(file, COMMAND_BYTES_MAX)
    except ProcessLookupError:
        return False
    finally:
        os.close(file)


def _asked_of_ps(pid: int) -> str:
    """Return the command line of a process where there is no /proc."""
    import subprocess

    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def end(children: dict[int, int], data_dir: str) -> None:
    """Ask, wait, kill."""
    left = {pid: stop for pid, stop in children.items() if names(pid, data_dir)}
    for pid, stop_signal in left.items():
        _send(pid, stop_signal)
    deadline = time.monotonic() + GRACE_S
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = {pid: stop for pid, stop in left.items() if names(pid, data_dir)}
    for pid in left:
        _send(pid, signal.SIGKILL)


def _send(pid: int, signum: int) -> None:
    """Send a signal to a child and to the helpers in its process group."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signum)
        else:
            os.kill(pid, signum)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end(listen(sys.stdin), sys.argv[1])
