"""Child processes: started in their own session, with their output in a file."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from ledgerflux.adapters.log_files import keep_older


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    Attributes:
        argv: Program and arguments.
        log: File that standard output and error are appended to.
        stop_signal: Asks the program to end.
        environment: All variables of the child; None hands on ours.
        uid: Unprivileged user to become, None to stay who we are.
        gid: Its group.
    """

    argv: tuple[str, ...]
    log: Path
    stop_signal: int = signal.SIGTERM
    environment: Mapping[str, str] | None = None
    uid: int | None = None
    gid: int | None = None


class Process(Protocol):
    """What there must be of a process; `asyncio`'s, or one that another process started."""

    @property
    def pid(self) -> int:
        """Return the process id."""
        ...

    @property
    def returncode(self) -> int | None:
        """Return the exit code, None while alive."""
        ...

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        ...


class Child:
    """One running child process.

    It has its own session, so that a Ctrl-C in the terminal reaches only its
    supervisor, which then stops everything in order.
    """

    def __init__(self, command: Command, process: Process) -> None:
        self.command = command
        self._process = process

    @classmethod
    async def spawn(cls, command: Command) -> Self:
        """Start `command`.

        Raises:
            OSError: The program can't be run or the log can't be written.
        """
        keep_older(command.log)
        output = os.open(command.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=command.environment,
                start_new_session=True,
                user=command.uid,
                group=command.gid,
                extra_groups=None if command.uid is None else [],
            )
        finally:
            os.close(output)
        return cls(command, process)

    @property
    def pid(self) -> int:
        """Return the process id; after the end it may name another process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code (negative: the signal that ended it), None while alive."""
        return self._process.returncode

    async def wait(self) -> int:
        """Return the exit code once the process has ended."""
        return await self._process.wait()

    def ask_to_stop(self) -> None:
        """Send the stop signal; nothing happens where the process has ended."""
        self._send(self.command.stop_signal)

    def kill(self) -> None:
        """End the process at once; nothing happens where it has ended."""
        self._send(signal.SIGKILL)

    async def stop(self, grace_s: float = 3.0) -> int:
        """Ask to stop, kill after `grace_s`, and return the exit code."""
        self.ask_to_stop()
        try:
            return await asyncio.wait_for(self.wait(), grace_s)
        except TimeoutError:
            self.kill()
            return await self.wait()

    def _send(self, signum: int) -> None:
        if self.returncode is None:
            # Not `send_signal`: it looks for the child's end first, and taking that away
            # from the event loop loses the exit code. To the group, as a terminal would:
            # a child may have helpers of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signum)


Spawn = Callable[[Command], Awaitable[Child]]
"""Starts a command; a supervisor's also tells its warden."""


def last_lines(path: Path, count: int = 5) -> list[str]:
    """Return the last non-empty lines of the log `path`, oldest first."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]
