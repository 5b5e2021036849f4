"""A real Postgres out of its wheel, on a Unix socket of its own.

It has no TCP port. The socket lies in a directory that only its owner may enter, and
every connection needs the password (SCRAM); client programs find that in a password
file that only we may read, which the connection string names.

As root it runs as an unprivileged user: see `postgres_host`.
"""

import asyncio
import os
import secrets
import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from ledgerflux.adapters.embedded.postgres_host import (
    SOCKET_NAME,
    Owner,
    find_programs,
    forget_dead_server,
    let_read,
    let_walk,
    private_directory,
    remove_socket_directory,
    socket_directory_of,
    unprivileged_owner,
)
from ledgerflux.adapters.embedded.postgres_words import (
    ASKS_FOR_PASSWORD,
    DATABASE,
    MAKE_DATABASE,
    PORT,
    USER,
    initdb_command,
    single_command,
    startup_message,
)
from ledgerflux.adapters.files import write_private
from ledgerflux.adapters.process import Child, Command, Spawn, last_lines
from ledgerflux.errors import StackError

READY_POLL_S = 0.02
HEALTH_TIMEOUT_S = 2.0

_CONFIG = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_directory}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 20
shared_buffers = '64MB'
dynamic_shared_memory_type = 'mmap'
fsync = on
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = '256MB'
max_logical_replication_workers = 0
max_parallel_workers_per_gather = 0
autovacuum_max_workers = 1
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
lc_messages = 'C'
{by_version}"""
_ACCESS = "local all all scram-sha-256\n"


class PostgresServer:
    """One Postgres that lives in `directory`.

    `directory/data` is made once, the password file lies beside `directory`, and the
    socket in `directory`, or in a short private directory where that path does not suit
    a socket (`remove_socket_directory` takes it away again).
    """

    name = "postgres"

    def __init__(self, directory: Path, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.data = directory / "data"
        self.password_file = directory.with_name(f"{directory.name}.pgpass")
        self.socket_directory = socket_directory_of(directory)

    @property
    def dsn(self) -> str:
        """Return the connection string: no secret stands in it."""
        return (
            f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.socket_directory), safe='/')}"
            f"&port={PORT}&passfile={quote(str(self.password_file), safe='/')}"
        )

    @property
    def address(self) -> str:
        """Return the address for people."""
        return f"unix:{self.socket_directory / SOCKET_NAME}"

    async def launch(self, spawn: Spawn = Child.spawn) -> Child:
        """Make the data directory where there is none, and start the server.

        Raises:
            MissingDependency: The wheel or an unprivileged user is missing.
            StackError: The data directory can't be made.
        """
        programs = find_programs(_major_version(self.data))
        owner = unprivileged_owner()
        self._open_directories(programs, owner)
        if not (self.data / "PG_VERSION").exists():
            await self._make_data(programs, owner, spawn)
        self._write_config(owner)
        forget_dead_server(self.data)
        argv = (str(programs / "postgres"), "-D", str(self.data))
        return await spawn(self._command(argv, owner))

    async def wait_ready(self, child: Child) -> None:
        """Return once the server asks clients for their password.

        Raises:
            StackError: The server died; the message holds its last words.
        """
        while not await self.is_healthy():
            if child.returncode is not None:
                words = " / ".join(last_lines(self.log, 2))
                raise StackError(f"postgres ended: {words}", code="service_died")
            await asyncio.sleep(READY_POLL_S)

    async def is_healthy(self) -> bool:
        """Say whether the server would let a client with the password in."""
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                return await self._asks_for_password()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    def remove_socket_directory(self) -> None:
        """Take the short socket directory away, if one was needed."""
        remove_socket_directory(self.directory)

    async def _asks_for_password(self) -> bool:
        """Start a session as far as the server's first answer."""
        path = str(self.socket_directory / SOCKET_NAME)
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(startup_message())
            return await reader.readexactly(1) == ASKS_FOR_PASSWORD
        finally:
            writer.close()

    def _open_directories(self, programs: Path, owner: Owner | None) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_directory != self.directory:
            private_directory(self.socket_directory, owner)
        if owner is None:
            return
        let_walk(self.directory.parent)
        let_walk(programs)
        let_read(programs.parent)
        os.chown(self.directory, owner.uid, owner.gid)

    async def _make_data(self, programs: Path, owner: Owner | None, spawn: Spawn) -> None:
        """Make the data directory beside its place and move it there once it is whole."""
        new = self.directory / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        uid, gid = owner or (-1, -1)
        secret_file = self.directory / "initdb.password"
        write_private(secret_file, self._password().encode(), uid=uid, gid=gid)
        try:
            argv = initdb_command(programs, new, secret_file)
            await self._run(self._command(argv, owner), spawn)
        finally:
            secret_file.unlink()
        await self._make_database(single_command(programs, new), owner)
        new.rename(self.data)

    async def _make_database(self, argv: tuple[str, ...], owner: Owner | None) -> None:
        """Make our database in a server without clients, which ends with its input."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment(),
            user=None if owner is None else owner.uid,
            group=None if owner is None else owner.gid,
            extra_groups=None if owner is None else [],
            start_new_session=True,
        )
        output, _ = await process.communicate(MAKE_DATABASE.encode())
        if process.returncode != 0 or b"ERROR" in output:
            raise StackError(f"can't make the database: {output.decode(errors='replace')}")

    async def _run(self, command: Command, spawn: Spawn) -> None:
        child = await spawn(command)
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.stop(grace_s=1.0)
            raise
        if code != 0:
            words = " / ".join(last_lines(self.log, 3))
            raise StackError(f"{Path(command.argv[0]).name} failed: {words}", code="service_died")

    def _command(self, argv: tuple[str, ...], owner: Owner | None) -> Command:
        uid, gid = owner or (None, None)
        # SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client to leave.
        return Command(argv, self.log, signal.SIGINT, _environment(), uid, gid)

    def _password(self) -> str:
        """Return the password, made and kept in the password file of libpq the first time."""
        try:
            return self.password_file.read_text().strip().rpartition(":")[2]
        except FileNotFoundError:
            secret = secrets.token_hex(16)
            write_private(self.password_file, f"*:*:*:{USER}:{secret}\n".encode())
            return secret

    def _write_config(self, owner: Owner | None) -> None:
        uid, gid = owner or (-1, -1)
        version = _major_version(self.data) or 0
        by_version = "io_method = 'sync'\n" if version >= 18 else ""
        config = _CONFIG.format(
            port=PORT, socket_directory=self.socket_directory, by_version=by_version
        )
        write_private(self.data / "postgresql.conf", config.encode(), uid=uid, gid=gid)
        write_private(self.data / "pg_hba.conf", _ACCESS.encode(), uid=uid, gid=gid)


def _major_version(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        return None


def _environment() -> dict[str, str]:
    """Return our environment without what would steer Postgres."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}
