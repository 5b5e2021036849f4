"""Which processes a test left alive, and waiting for a condition with a deadline."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil


def naming(directory: Path) -> list[psutil.Process]:
    """Return the living processes whose command line names `directory`, but for ourselves."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if str(directory) in words and alive and process.pid != psutil.Process().pid:
            found.append(process)
    return found


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Return once `condition` holds; fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)


async def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Return once `condition`, or what it returns to be awaited, holds; fail after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not await _settled(condition()):
            await asyncio.sleep(0.02)


async def _settled(value: object) -> object:
    return await value if isinstance(value, Awaitable) else value


def gone(directory: Path, timeout_s: float = 5.0) -> None:
    """Return once no process names `directory`; fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while left := naming(directory):
        assert time.monotonic() < deadline, [_described(process) for process in left]
        time.sleep(0.02)


def _described(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())}"
    return f"{process.pid} gone meanwhile"
