"""The supervisor's line to its nursery, the process that roles are forked from."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledgerflux.adapters.log_files import keep_older
from ledgerflux.adapters.process import Child, Command
from ledgerflux.errors import StackError
from ledgerflux.stack.members import ROLE_COMMAND, child_environment
from ledgerflux.stack.nursery_main import Order
from ledgerflux.telemetry.log import Events

NURSERY_COMMAND = (sys.executable, "-P", "-m", "ledgerflux.stack.nursery_main")
END_S = 2.0

log = Events(__name__)


class Forked:
    """A child of the nursery, told of from there; what `Child` needs of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def end(self, code: int) -> None:
        """Note that it ended."""
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


class Nursery:
    """Starts roles without the imports that are most of the start of a program of their own.

    Everything else, and every role where there is no nursery (it died, or the system is not
    Linux), is started as a program. Bounded by the number of children.
    """

    def __init__(
        self, data_dir: Path, log_file: Path, *, role_command: Sequence[str] = ROLE_COMMAND
    ) -> None:
        self._argv = (*NURSERY_COMMAND, str(data_dir))
        self._log_file = log_file
        self._role_command = tuple(role_command)
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._open = sys.platform == "linux" and self._role_command == ROLE_COMMAND
        self._orders: deque[asyncio.Future[Forked]] = deque()
        self._children: dict[int, Forked] = {}

    async def run(self) -> None:
        """Hear what becomes of the children; returns when there is no nursery any more."""
        if not self._open:
            return
        with self._log_file.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env=child_environment(),
                start_new_session=True,
            )
        if not self._open:
            await self.close()  # again: there was no process to close when it was asked to
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                self._hear(line.decode().rstrip("\n"))
        except asyncio.CancelledError:
            self._open = False
            raise
        finally:
            self._end()

    async def close(self) -> None:
        """Let it go once its children have ended; it is killed where it stays."""
        process, self._open = self._process, False
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()

    async def spawn(self, command: Command) -> Child:
        """Start `command`, forked where it is a role.

        Raises:
            OSError: The program can't be run or the log can't be written.
        """
        if command.argv[: len(self._role_command)] == self._role_command and self._open:
            await self._ready.wait()
            if self._open:
                return await self._fork(command)
        return await Child.spawn(command)

    async def _fork(self, command: Command) -> Child:
        assert self._process is not None
        assert self._process.stdin is not None
        keep_older(command.log)
        arguments = [*command.argv[len(self._role_command) :]]
        born: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._orders.append(born)
        order = msgspec.json.encode(Order(arguments, str(command.log)))
        self._process.stdin.write(order + b"\n")
        try:
            process = await asyncio.shield(born)
        except asyncio.CancelledError:
            born.add_done_callback(_end_unwanted)
            raise
        return Child(command, process)

    def _hear(self, line: str) -> None:
        match line[:1]:
            case "+":
                child = Forked(int(line[1:]))
                self._children[child.pid] = child
                self._orders.popleft().set_result(child)
            case "!":
                self._orders.popleft().set_exception(OSError(line[1:]))
            case "-":
                pid, code = map(int, line[1:].split())
                self._children.pop(pid).end(code)
            case _:
                self._ready.set()

    def _end(self) -> None:
        """Nobody is forked any more; the kernel has ended who was."""
        if self._open:
            log.warning("nursery.ended", children=len(self._children))
        self._open = False
        self._ready.set()
        for child in self._children.values():
            child.end(-signal.SIGKILL)
        self._children.clear()
        while self._orders:
            self._orders.popleft().set_exception(StackError("the nursery ended"))


def _end_unwanted(born: asyncio.Future[Forked]) -> None:
    """End a child that nobody waits for any more."""
    if not born.cancelled() and born.exception() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(born.result().pid, signal.SIGKILL)
