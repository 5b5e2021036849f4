"""What the machine offers: interpreter, disk, directory, descriptors, clock, port."""

import fcntl
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledgerflux.adapters.sockets import bind_error, holder_of
from ledgerflux.core.limits import Limits
from ledgerflux.settings import DEFAULT_HOST, DEFAULT_PORT
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.run_dir import RunDir

PYTHON_MIN = (3, 11)
GIB = 1024**3
DISK_FAIL_BYTES = GIB
DISK_WARN_BYTES = 8 * GIB
"""MD_RAW and MD_NORM may grow to 2 GiB each; the rest is Postgres, logs and air."""
OWN_DESCRIPTORS = 128
"""What a gateway has open beside its clients, generously."""
CLOCK_SAMPLE_S = 0.05
CLOCK_DRIFT_MAX_S = 0.02
YEAR_MIN_S = 1_735_689_600
"""The first second of 2025: an earlier clock was never set."""
NTP_TIMEOUT_S = 2.0
NTP_QUESTIONS = (
    ("timedatectl", "show", "--property=NTPSynchronized", "--value"),
    ("chronyc", "tracking"),
)


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Look at the interpreter."""
    text = ".".join(map(str, version))
    if version >= PYTHON_MIN:
        return Finding("python", "PASS", text)
    return Finding("python", "FAIL", f"{text} is too old", "install Python 3.11 or newer")


def disk(path: Path) -> Finding:
    """Look at the room where the data directory is, or will be."""
    place = _nearest(path)
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding("disk", "FAIL", f"{place}: {error.strerror}", "lf doctor --data-dir DIR")
    text = f"{free / GIB:.1f} GiB free in {place}"
    if free < DISK_FAIL_BYTES:
        return Finding("disk", "FAIL", text, "lf up --data-dir DIR   (with more room)")
    if free < DISK_WARN_BYTES:
        return Finding("disk", "WARN", f"{text}, a full log needs 8", "lf up --data-dir DIR")
    return Finding("disk", "PASS", text)


def directory(run_dir: RunDir) -> Finding:
    """Look whether a stack may live in the directory: ours or empty, writable, with locks."""
    path = run_dir.path
    other = "lf up --data-dir DIR"
    try:
        if not (nearest := _nearest(path)).is_dir():
            return Finding("directory", "FAIL", f"{nearest} is no directory", other)
        if path.is_dir() and not run_dir.is_ours() and any(path.iterdir()):
            return Finding("directory", "FAIL", f"{path} holds other files", other)
        with _trial_file(nearest) as (descriptor, name):
            locks = _locks_work(descriptor, name)
    except OSError as error:
        return Finding("directory", "FAIL", f"{path}: {error.strerror}", other)
    if not locks:
        return Finding("directory", "FAIL", f"{path}: file locks do not hold", other)
    what = "ours" if run_dir.is_ours() else "will be made" if not path.exists() else "empty"
    return Finding("directory", "PASS", f"{path}: {what}, writable, locks hold")


def descriptors(clients_max: int = Limits().clients_max) -> Finding:
    """Look whether a process may open as many files as the gateway takes clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = clients_max + OWN_DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return Finding("descriptors", "PASS", f"{_limit(soft)} open files, {needed} needed")
    reachable = hard == resource.RLIM_INFINITY or hard >= needed
    text = f"{soft} open files, {clients_max} clients need {needed}"
    return Finding("descriptors", "WARN", text, f"ulimit -n {needed if reachable else hard}")


def clock() -> Finding:
    """Look whether wall clock and monotonic clock go at one pace, from a time that can be."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(CLOCK_SAMPLE_S)
    drift = abs((time.time() - wall) - (time.monotonic() - steady))
    if wall < YEAR_MIN_S:
        text = time.strftime("it says %Y-%m-%d", time.gmtime(wall))
        return Finding("clock", "FAIL", text, "set the clock")
    if drift > CLOCK_DRIFT_MAX_S:
        text = f"it was moved by {drift * 1000:.0f} ms while we looked"
        return Finding("clock", "WARN", text, "lf doctor   (again)")
    return Finding("clock", "PASS", "steady")


def time_service(questions: tuple[tuple[str, ...], ...] = NTP_QUESTIONS) -> Finding:
    """Ask whoever keeps the clock whether it is in step; latencies need it."""
    for question in questions:
        answer = ask(question, NTP_TIMEOUT_S)
        if answer is None:
            continue
        if answer.strip() == "yes" or "Leap status     : Normal" in answer:
            return Finding("time service", "PASS", f"in step, says {question[0]}")
        if answer.strip() == "no" or "Leap status" in answer:
            text = f"not in step, says {question[0]}: latencies of live feeds are off"
            return Finding("time service", "WARN", text, "timedatectl set-ntp true")
    return Finding("time service", "SKIP", "neither timedatectl nor chronyc can say")


def ask(command: tuple[str, ...], timeout_s: float) -> str | None:
    """Return what a program prints; None where it is not there, fails, or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def port(run_dir: RunDir, wanted: int | None) -> Finding:
    """Look whether the gateway's port is free, or this stack's; None where none was asked for."""
    number = DEFAULT_PORT if wanted is None else wanted
    error = None if number == 0 else bind_error(number, DEFAULT_HOST)
    if error is None:
        return Finding("port", "PASS", f"{number} is free" if number else "any free one")
    if is_own_gateway(run_dir, number):
        return Finding("port", "PASS", f"{number} is this stack's gateway")
    if isinstance(error, PermissionError):
        return Finding("port", "FAIL", f"{number} needs more rights", "lf up --port 8000")
    text = f"{number} is taken by {holder_of(number) or 'another program'}"
    if wanted is None:
        return Finding("port", "WARN", f"{text}: lf up takes the next free one", "lf up --port 0")
    return Finding("port", "FAIL", text, "lf up --port 0")


def is_own_gateway(run_dir: RunDir, number: int) -> bool:
    """Say whether `number` is the port of a gateway of the stack that runs in `run_dir`."""
    state = run_dir.read()
    if state is None or not run_dir.is_up(state):
        return False
    return any(gateway.http.endswith(f":{number}") for gateway in state.gateways)


def _nearest(path: Path) -> Path:
    """Return `path`, or the nearest above it that is there."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


@contextmanager
def _trial_file(place: Path) -> Iterator[tuple[int, str]]:
    descriptor, name = tempfile.mkstemp(prefix=".lf-doctor-", dir=place)
    try:
        yield descriptor, name
    finally:
        os.close(descriptor)
        Path(name).unlink(missing_ok=True)


def _locks_work(descriptor: int, name: str) -> bool:
    """Say whether a lock keeps a second one out."""
    os.write(descriptor, b"lf")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    second = os.open(name, os.O_RDONLY)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(second)
    return False


def _limit(number: int) -> str:
    return "unlimited" if number == resource.RLIM_INFINITY else str(number)
