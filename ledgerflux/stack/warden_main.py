"""The warden: ends the children of a supervisor that died without ending them itself.

Run by path, as `python -I -S warden_main.py DATA_DIR`, so that it starts at once and
stays small. Its standard input is a pipe that only the supervisor holds open. Lines::

    +PID SIGNAL   a child, and the signal that asks it to stop
    -PID          the child has ended
    bye           the supervisor ends its children itself

At the end of input without `bye` the supervisor is gone: every child left that still
names DATA_DIR in its command line is asked to stop, and killed two seconds later.
"""

import os
import signal
import sys
import time

GRACE_S = 2.0
POLL_S = 0.02


def listen(lines):  # noqa: ANN001, ANN201 - typing is not imported here
    """Return the children left at the end of `lines`, pid to stop signal; none after `bye`."""
    children = {}
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


def names(pid, data_dir):  # noqa: ANN001, ANN201
    """Say whether process `pid` lives and has `data_dir` in its command line."""
    if not os.path.isdir("/proc/self"):
        with os.popen(f"ps -o command= -p {int(pid)}") as answer:
            return data_dir in answer.read()
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return os.fsencode(data_dir) in file.read()
    except OSError:
        return False


def send(pid, signum):  # noqa: ANN001, ANN201
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass


def end(children, data_dir):  # noqa: ANN001, ANN201
    """Ask, wait, kill."""
    left = {pid: stop for pid, stop in children.items() if names(pid, data_dir)}
    for pid, stop_signal in left.items():
        send(pid, stop_signal)
    deadline = time.monotonic() + GRACE_S
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = {pid: stop for pid, stop in left.items() if names(pid, data_dir)}
    for pid in left:
        send(pid, signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end(listen(sys.stdin), sys.argv[1])
