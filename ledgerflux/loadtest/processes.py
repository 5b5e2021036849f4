"""The worker processes of a load test."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from ledgerflux.errors import LedgerFluxError
from ledgerflux.loadtest.orders import Final, Finish, Order, Progress
from ledgerflux.loadtest.worker import LINE_BYTES_MAX, READY

MODULE = "ledgerflux.loadtest.worker"
START_TIMEOUT_S = 30.0
KILL_AFTER_S = 2.0

_progress = msgspec.json.Decoder(Progress | Final)

OnLine = Callable[[int, Progress | Final], None]


class Workers:
    """Started processes, waiting for their orders; each ends when its input does."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    async def follow(self, orders: Sequence[Order], on_line: OnLine) -> None:
        """Give out the orders and hand every line that comes back on, up to the last of all.

        Raises:
            LedgerFluxError: In a group: one ended before its report (`worker_died`).
        """
        for process, order in zip(self._processes, orders, strict=True):
            _tell(process, order)
        async with asyncio.TaskGroup() as group:
            for number, process in enumerate(self._processes):
                group.create_task(_read(number, process, on_line))

    def finish(self, finish: Finish) -> None:
        """Let all report; `follow` returns soon."""
        for process in self._processes:
            _tell(process, finish)

    async def end(self) -> None:
        """Let all end, by force where they don't."""
        await asyncio.gather(*(_end(process) for process in self._processes))


@asynccontextmanager
async def started(number: int) -> AsyncIterator[Workers]:
    """Start `number` workers; they end with the context.

    Raises:
        LedgerFluxError: One does not start (`worker_died`).
    """
    processes: list[Process] = []
    workers = Workers(processes)
    try:
        for _ in range(number):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", MODULE),
                stdin=PIPE,
                stdout=PIPE,
                limit=LINE_BYTES_MAX,
                start_new_session=True,  # Ctrl-C is for the parent, who tells them
            )
            processes.append(process)
        async with asyncio.timeout(START_TIMEOUT_S):
            lines = await asyncio.gather(*map(_first_line, processes))
        if any(line != READY for line in lines):
            raise LedgerFluxError("a load worker did not start", code="worker_died")
        yield workers
    finally:
        await workers.end()


async def _first_line(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()


async def _read(number: int, process: Process, on_line: OnLine) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        told = _progress.decode(line)
        on_line(number, told)
        if isinstance(told, Final):
            return
    raise LedgerFluxError(f"load worker {number} ended before its time", code="worker_died")


def _tell(process: Process, line: Order | Finish) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError, RuntimeError):  # its end is noticed by its reader
        process.stdin.write(msgspec.json.encode(line) + b"\n")


async def _end(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(KILL_AFTER_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
