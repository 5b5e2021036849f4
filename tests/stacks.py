"""Whole stacks by the command line, as a user starts them; nothing of them stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

LF = [sys.executable, "-m", "ledgerflux_cli"]
UP_TIMEOUT_S = 90


class Follower(NamedTuple):
    """A command that runs beside the test."""

    process: subprocess.Popen
    output: Path
    errors: Path

    def lines(self, timeout=120):
        """Wait for the end, which must be a good one; return what was printed."""
        code = self.process.wait(timeout)
        assert code == 0, self.errors.read_text()
        return self.output.read_text().splitlines()


class Stack:
    """One data directory and the commands on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.up_document: dict = {}
        self.beginning: subprocess.Popen | None = None

    def lf(self, *args, check: int | None = 0, timeout: float = 120, **more):
        """Run `lf ARGS` on this stack and return the finished process."""
        done = subprocess.run(
            [*LF, *map(str, args)],
            env={**os.environ, "LF_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            timeout=timeout,
            **more,
        )
        if check is not None:
            assert done.returncode == check, (args, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *args, check: int | None = 0, timeout: float = 120):
        return json.loads(self.lf(*args, "--json", check=check, timeout=timeout).stdout)

    def start(self, *args):
        """`lf up -d` with a free gateway port."""
        self.up_document = self.json("up", "-d", "--port", "0", *args, timeout=UP_TIMEOUT_S)
        return self.up_document

    @contextmanager
    def follow(self, *args):
        """Run `lf ARGS` beside the test, its output in a file, so that it never has to wait."""
        output = self.data_dir.parent / "output"
        errors = self.data_dir.parent / "errors"
        with output.open("w") as out, errors.open("w") as err:
            process = subprocess.Popen(
                [*LF, *map(str, args)],
                env={**os.environ, "LF_DATA_DIR": str(self.data_dir)},
                stdout=out,
                stderr=err,
            )
        follower = Follower(process, output, errors)
        try:
            yield follower
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    @contextmanager
    def run_role(self, name, *args):
        """Run `lf run ARGS` beside the test; ended with SIGTERM."""
        log = self.data_dir.parent / f"{name}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*LF, "run", *map(str, args), "--data-dir", str(self.data_dir)],
                env={**os.environ, "LF_DATA_DIR": str(self.data_dir)},
                stdout=out,
                stderr=out,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(15)

    def wait(self, condition, timeout=90):
        self.lf("wait", "--for", condition, "--timeout", f"{timeout}s", timeout=timeout + 20)

    def status(self):
        return self.json("status", check=None)

    def pid(self, service):
        services = {item["name"]: item["pid"] for item in self.status()["services"]}
        return services.get(service)

    def run_state(self):
        """Return `run.json`: what the supervisor knows, at once."""
        return json.loads((self.data_dir / "run.json").read_text())

    @contextmanager
    def unsupervised(self):
        """Nobody starts again what dies meanwhile: the supervisor stands still."""
        pid = self.run_state()["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def told(self):
        """Return the status as the gateway tells it, None where it does not answer.

        Without a process of its own: an outage does not wait for one to start.
        """
        url = self.run_state()["gateway"]["http"] + "/v1/status"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def begin(self):
        """Start a paused replay without waiting for the command: the market does not either."""
        self.beginning = subprocess.Popen(
            [*LF, "replay", "start"],
            env={**os.environ, "LF_DATA_DIR": str(self.data_dir)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, service):
        """`kill -9` the service's process; return its pid."""
        pid = self.pid(service)
        os.kill(pid, signal.SIGKILL)
        return pid

    def processes(self):
        """Return what lives and names this data directory in its command line."""
        return processes_naming(str(self.data_dir))

    def down(self):
        if self.beginning is not None:
            self.beginning.wait(60)
        self.lf("down", check=None)
        wait_gone(self.processes)


def processes_naming(text):
    found = []
    for process in psutil.process_iter():
        try:
            if any(text in part for part in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def wait_gone(processes, timeout_s=5.0):
    """Return once nothing is left; what outlives the limit is named, then killed."""
    deadline = time.monotonic() + timeout_s
    while left := processes():
        if time.monotonic() > deadline:
            names = [" ".join(process.cmdline()) for process in left]
            for process in left:
                process.kill()
            raise AssertionError(f"alive after {timeout_s} s: {names}")
        time.sleep(0.05)


def until(condition, timeout_s=60.0, what=""):
    """Poll `condition` until it is true; `what` may be a function that says it at the end."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            told = what() if callable(what) else what or condition
            raise AssertionError(f"not within {timeout_s} s: {told}")
        time.sleep(0.05)
    return value


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    """A data directory of the test's own; whatever runs on it is ended."""
    made = Stack(tmp_path / "lf")
    yield made
    made.down()
