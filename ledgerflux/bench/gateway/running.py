"""A server of the contest as a child process: told what to send, looked at from outside."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec
import psutil

from ledgerflux.adapters.process import last_lines
from ledgerflux.bench.gateway.contenders import Contender, Load, folder_of
from ledgerflux.errors import StackError

START_S = 40.0
STOP_S = 10.0


class _Hello(msgspec.Struct):
    port: int
    pid: int
    spares: list[tuple[int, int]] = []


class Running:
    """A server that has said where it listens; `pid` is the process that counts.

    `spares` are ports of others that serve the same.
    """

    def __init__(self, contender: Contender, load: Load, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self.contender = contender
        self.clients_max = load.clients
        self.child = child
        self._input: IO[bytes] = child.stdin
        self._output: IO[bytes] = child.stdout
        hello = msgspec.json.decode(self._line(START_S), type=_Hello)
        self.port, self.pid = hello.port, hello.pid
        self.spares = [port for port, _ in hello.spares]

    def go(self, count: int, tick_ms: int, ticks: int) -> None:
        """Let it send `count` messages to all in each of `ticks`."""
        self._input.write(b"%d %d %d\n" % (count, tick_ms, ticks))
        self._input.flush()

    def done(self) -> bool:
        """Say whether it has handed over what it was to send; True once."""
        readable, _, _ = select.select([self._output], [], [], 0)
        return bool(readable) and self._line(START_S) == b"done\n"

    def kill(self) -> None:
        """Kill the process that counts, as if its machine had died."""
        os.kill(self.pid, signal.SIGKILL)

    def cpu_s(self) -> float:
        """Return the CPU seconds of its process so far, to the nanosecond where Linux tells.

        Raises:
            StackError: It has ended.
        """
        found = []
        for task in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # a thread that has ended meanwhile
                found.append(int(task.read_bytes().split()[0]))
        if found:
            return sum(found) / 1e9
        times = self._process().cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        """Return the resident memory of its process.

        Raises:
            StackError: It has ended.
        """
        return int(self._process().memory_info().rss)

    def _process(self) -> psutil.Process:
        try:
            return psutil.Process(self.pid)
        except psutil.NoSuchProcess as error:
            raise StackError(f"{self.contender.name} has ended") from error

    def _line(self, timeout_s: float) -> bytes:
        readable, _, _ = select.select([self._output], [], [], timeout_s)
        if not readable:
            raise StackError(f"{self.contender.name} said nothing in {timeout_s:.0f} s")
        return self._output.readline()


@contextmanager
def running(contender: Contender, load: Load) -> Iterator[Running]:
    """Hold a server up.

    Raises:
        StackError: It did not start; the message holds its last words.
    """
    folder = folder_of(contender, os.environ)
    log = load.messages.with_name(f"{contender.name}.log")
    with log.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603
            list(contender.start(folder, load)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
        )
    try:
        try:
            yield Running(contender, load, child)
        except msgspec.DecodeError as error:
            words = " / ".join(last_lines(log, 1)) or "no last words"
            raise StackError(f"{contender.name} did not start: {words}") from error
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    assert child.stdout is not None
    child.stdout.close()
