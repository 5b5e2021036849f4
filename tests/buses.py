"""Fixtures: a real nats-server for the session, and buses of both kinds."""

import asyncio
import os
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.testing.memory_bus import MemoryBus


class ServerProcess:
    """A nats-server that tests may kill and start again on its port."""

    def __init__(self, directory: Path) -> None:
        self.server = NatsServer(directory / "nats", directory / "nats.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def returncode(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    async def _spawn(self, command):
        self._process = subprocess.Popen(
            command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    async def start(self) -> None:
        await self.server.launch(self._spawn)
        await self.server.wait_ready(self)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)

    def open(self):
        access = self.server.access
        return NatsBus.open(access.url, user=access.user, password=access.password)


@pytest.fixture(scope="session")
def nats_process(tmp_path_factory) -> Iterator[ServerProcess]:
    """One server for all tests that don't kill it; each works on its own venue name."""
    process = ServerProcess(tmp_path_factory.mktemp("nats"))

    async def start() -> None:
        await process.start()
        async with process.open() as bus:
            await prepare(bus)

    with ThreadPoolExecutor(1) as thread:  # a loop may be running here already
        thread.submit(lambda: asyncio.run(start())).result()
    yield process
    process.stop()


@pytest.fixture
async def own_nats(tmp_path) -> AsyncIterator[ServerProcess]:
    """A server of the test's own, to kill."""
    process = ServerProcess(tmp_path)
    await process.start()
    async with process.open() as bus:
        await prepare(bus)
    yield process
    process.stop()


@pytest.fixture
async def nats_bus(nats_process) -> AsyncIterator[NatsBus]:
    """A connection to the session's server."""
    async with nats_process.open() as bus:
        yield bus


@pytest.fixture(params=["memory", "nats"])
async def bus(request) -> AsyncIterator[MemoryBus | NatsBus]:
    """A bus of each kind: what holds for one must hold for the other."""
    if request.param == "memory":
        yield MemoryBus()
        return
    process = request.getfixturevalue("nats_process")
    async with process.open() as connected:
        yield connected


@pytest.fixture
def venue() -> str:
    """A venue name of the test's own, so that tests share a server."""
    return f"v{os.getpid()}x{uuid.uuid4().hex[:8]}"
