"""A stack of a measurement's own: started by `lf up`, looked at from outside, always ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from ledgerflux.adapters.state_file import sent_of
from ledgerflux.errors import LedgerFluxError, StackError, Timeout

LF = (sys.executable, "-m", "ledgerflux_cli")
START_TIMEOUT_S = 180.0
POLL_S = 0.02
EXCHANGE_STATE = "exchange.state"
OWN_VARIABLES = ("LF_DATA_DIR", "LF_SOURCE", "LF_PRODUCTS", "LF_SHARDS", "LF_PORT", "LF_SPEED")


class Use(NamedTuple):
    """What services used: shares of a core, and resident bytes, by name."""

    cores: dict[str, float]
    rss_bytes: dict[str, int]

    @property
    def total_cores(self) -> float:
        """Return what all used together."""
        return sum(self.cores.values())


class Lab:
    """A directory and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.data_dir = folder / "data"
        self._ended_s = 0.0

    def command(self, *arguments: str, timeout_s: float = START_TIMEOUT_S) -> tuple[int, str]:
        """Run `lf ARGUMENTS`; return exit code and standard output.

        Raises:
            Timeout: It did not end in time.
        """
        try:
            done = subprocess.run(  # noqa: S603
                [*LF, *arguments],
                env=_environment(self.data_dir),
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"lf {arguments[0]} did not end in {timeout_s:.0f} s") from error
        if done.returncode not in (0, 10, 98, 99):
            last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[0]
            raise StackError(f"lf {' '.join(arguments[:2])}: {last}")
        return done.returncode, done.stdout

    @contextmanager
    def up(self, *arguments: str) -> Iterator[float]:
        """Hold a stack up; yield the seconds until all was ready."""
        begin = time.monotonic()
        try:
            self.command("up", "-d", "--port", "0", "--wait-timeout", "150s", *arguments)
            yield time.monotonic() - begin
        finally:
            self._ended_s = self.stack_s()
            self.command("down")

    def stack_s(self) -> float:
        """Return the CPU seconds of all stacks of this lab so far."""
        running = (self.data_dir / "run.json").exists()
        return self._ended_s + (sum(self._times().values()) if running else 0.0)

    def pids(self) -> dict[str, int]:
        """Return the processes of the stack by service, the supervisor too."""
        state = json.loads((self.data_dir / "run.json").read_text(encoding="utf-8"))
        services = {row["name"]: row["pid"] for row in state["services"] if row["pid"]}
        return {"supervisor": state["pid"], "warden": state["warden_pid"], **services}

    def use(self, seconds: float) -> Use:
        """Return what the services, with all their children, use within `seconds`."""
        before, begin = self._times(), time.monotonic()
        time.sleep(seconds)
        after, passed_s = self._times(), time.monotonic() - begin
        cores = {name: (after[name] - before.get(name, 0.0)) / passed_s for name in after}
        return Use(cores, {name: _rss(pid) for name, pid in self.pids().items()})

    def _times(self) -> dict[str, float]:
        return cpu_s_of(self.pids())

    def sent(self) -> int:
        """Return how many frames the exchange has sent."""
        return sent_of(self.data_dir / EXCHANGE_STATE)

    def restart_s(self, service: str) -> float:
        """Kill `service`; return seconds until it is ready under another pid.

        Raises:
            Timeout: It did not come back.
        """
        pid = self.pids()[service]
        os.kill(pid, signal.SIGKILL)
        begin = time.monotonic()
        wait_until(lambda: self._is_back(service, pid), 60.0, f"{service} ready again")
        return time.monotonic() - begin

    def _is_back(self, service: str, pid: int) -> bool:
        state = json.loads((self.data_dir / "run.json").read_text(encoding="utf-8"))
        row = next(row for row in state["services"] if row["name"] == service)
        return row["pid"] not in (None, pid) and row["state"] == "ready"


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Yield a lab in a directory that is deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lf-bench-"))
    try:
        yield Lab(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return once `condition` holds.

    Raises:
        Timeout: It does not within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise Timeout(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(POLL_S)


def reason_of(error: LedgerFluxError) -> str:
    """Return why something could not be measured, in a line."""
    return f"not measured: {error.message.splitlines()[0]}"


def _environment(data_dir: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name not in OWN_VARIABLES}
    return {**kept, "LF_DATA_DIR": str(data_dir)}


def cpu_s_of(pids: Mapping[str, int]) -> dict[str, float]:
    """Return CPU seconds of each process with what is below it, none counted twice.

    One that is below another of them counts for itself.
    """
    named = set(pids.values())
    return {name: _cpu_s(pid, named) for name, pid in pids.items()}


def _cpu_s(pid: int, named: Set[int]) -> float:
    try:
        process = psutil.Process(pid)
        times, children = process.cpu_times(), process.children()
    except psutil.Error:
        return 0.0
    below = sum(_cpu_s(child.pid, named) for child in children if child.pid not in named)
    return float(times.user + times.system) + below


def _rss(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
