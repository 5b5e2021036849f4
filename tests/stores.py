"""Fixtures: a real Postgres for the session, databases in it, stores of both kinds."""

import asyncio
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from ledgerflux.adapters.embedded.postgres_server import DATABASE, PostgresServer
from ledgerflux.adapters.postgres_store import PostgresStore
from ledgerflux.testing.memory_store import MemoryStore


class _Running:
    """A process as `adapters.process.Child` shows one, tied to no event loop."""

    def __init__(self, command) -> None:
        with command.log.open("ab") as log:
            self.popen = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=command.environment,
                user=command.uid,
                group=command.gid,
                extra_groups=None if command.uid is None else [],
                start_new_session=True,
            )

    @property
    def returncode(self) -> int | None:
        return self.popen.poll()

    async def wait(self) -> int:
        return await asyncio.to_thread(self.popen.wait)

    async def stop(self, grace_s: float = 3.0) -> int:
        self.popen.terminate()
        return await self.wait()


class PostgresProcess:
    """A Postgres that tests may kill, freeze and start again."""

    def __init__(self, directory: Path) -> None:
        self.server = PostgresServer(directory / "postgres", directory / "postgres.log")
        self._running: _Running | None = None

    @property
    def dsn(self) -> str:
        return self.server.dsn

    async def start(self) -> None:
        async def spawn(command):
            return _Running(command)

        self._running = await self.server.launch(spawn)
        await self.server.wait_ready(self._running)

    def family(self) -> list[psutil.Process]:
        assert self._running is not None
        postmaster = psutil.Process(self._running.popen.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    def kill(self) -> None:
        """End the postmaster at once; its backends end when they see it."""
        family = self.family()
        family[0].kill()
        self._running.popen.wait()
        psutil.wait_procs(family[1:], timeout=10)

    def pause(self) -> None:
        for process in self.family():
            process.suspend()

    def resume(self) -> None:
        for process in self.family():
            process.resume()

    def stop(self) -> None:
        if self._running is not None and self._running.returncode is None:
            self._running.popen.send_signal(signal.SIGINT)
            self._running.popen.wait(10)
        self.server.remove_socket_directory()


@contextmanager
def _process() -> Iterator[PostgresProcess]:
    # Not below pytest's own directory: as root the server runs as another user, and every
    # pytest that starts closes that directory to others.
    with TemporaryDirectory(prefix="lf-postgres-") as directory:
        process = PostgresProcess(Path(directory))
        try:
            yield process
        finally:
            process.stop()


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresProcess]:
    """One server for all tests that don't kill it; each has a database of its own."""
    with _process() as process, ThreadPoolExecutor(1) as thread:
        # A thread, because a loop may be running here already.
        thread.submit(lambda: asyncio.run(process.start())).result()
        yield process


@pytest.fixture
async def own_postgres() -> AsyncIterator[PostgresProcess]:
    """A server of the test's own, to kill."""
    with _process() as process:
        await process.start()
        yield process


@pytest.fixture
def postgres_dsn(postgres_process) -> Iterator[str]:
    """An empty database of the test's own, in the session's server."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres_process.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_process.dsn.replace(f"/{DATABASE}?", f"/{name}?", 1)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["memory", "postgres"])
async def store(request) -> AsyncIterator[MemoryStore | PostgresStore]:
    """A store of each kind: what holds for one must hold for the other."""
    if request.param == "memory":
        yield MemoryStore()
        return
    process = request.getfixturevalue("postgres_process")
    async with PostgresStore(process.dsn) as connected:
        await connected.prepare()
        with psycopg.connect(process.dsn) as connection:
            connection.execute("TRUNCATE partition_position, trade, book_snapshot, gap")
        yield connected
