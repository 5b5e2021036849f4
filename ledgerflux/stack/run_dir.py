"""The directory of one stack: who holds it, what runs in it, where things lie."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ledgerflux.adapters.files import write_private
from ledgerflux.errors import ConfigError, Conflict, NotRunning

RUN_SCHEMA = "lf.run/1"
MARKER = ".ledgerflux"
LAYOUT = "lf.data/1"
COMPOSE = "compose"
"""The target of a stack that an engine runs, so that no process of ours holds its directory."""
LOCK_TRIES = 20
LOCK_PAUSE_S = 0.05


class NatsAddress(msgspec.Struct, frozen=True):
    """How roles reach NATS."""

    url: str
    user: str
    password: str


class GatewayAddress(msgspec.Struct, frozen=True):
    """Where clients find a gateway; `name` is its service.

    `certificate` is the file of that which it shows, where it speaks TLS: programs on this
    machine believe no other.
    """

    ws: str
    http: str
    name: str = "gateway"
    certificate: str | None = None


class ServiceState(msgspec.Struct, frozen=True):
    """One child as its supervisor saw it last; `since_ns` is when `state` began."""

    name: str
    pid: int | None
    state: str
    restarts: int = 0
    since_ns: int = 0
    detail: str = ""


class RunState(msgspec.Struct, frozen=True):
    """What `run.json` says: the stack that holds the directory, for every other program.

    `state` is `starting`, `up` or `stopping`; `request` is the `UpRequest` as JSON values;
    `gateway` is the first of `gateways`.
    """

    pid: int
    warden_pid: int
    state: str
    started_ns: int
    data_dir: str
    source: str
    durability: str
    request: dict[str, Any]
    services: list[ServiceState] = []
    gateway: GatewayAddress | None = None
    nats: NatsAddress | None = None
    postgres: str | None = None
    gateways: list[GatewayAddress] = []
    schema: str = RUN_SCHEMA


class RunDir:
    """Paths, lock and `run.json` of the data directory at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock_path = path / "lock"
        self.run_path = path / "run.json"
        self.logs = path / "logs"
        self.nats = path / "nats"
        self.postgres = path / "postgres"

    def log(self, name: str) -> Path:
        """Return the log file of the service `name`."""
        return self.logs / f"{name}.log"

    def claim(self) -> None:
        """Make the directory, or see that it is one of ours.

        Raises:
            ConfigError: It holds something else, or can't be written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.is_ours():
                return
            if any(self.path.iterdir()):
                raise ConfigError(
                    f"{self.path} holds other files: a data directory must start empty",
                    code="bad_argument",
                    try_next=["lf up --data-dir EMPTY_DIR"],
                )
            (self.path / MARKER).write_text(f"{LAYOUT}\n")
        except OSError as error:
            raise ConfigError(
                f"{self.path} can't be used as a data directory: {error.strerror}"
            ) from error

    def is_ours(self) -> bool:
        """Say whether a stack has made this directory."""
        return (self.path / MARKER).is_file()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory; the kernel lets go of it when this process dies.

        Raises:
            Conflict: Another process holds it.
        """
        descriptor = os.open(self.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked(descriptor) or not self._is_lock(descriptor):
                raise Conflict(f"{self.path} is held by a running stack (pid {self.holder()})")
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            try:
                yield
            finally:
                os.truncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def _is_lock(self, descriptor: int) -> bool:
        """Say whether `descriptor` is still the lock file: `lf down --volumes` removes it."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.lock_path.stat())
        except FileNotFoundError:
            return False

    def holder(self) -> int | None:
        """Return the pid of the supervisor that holds the directory, None where none does."""
        try:
            descriptor = os.open(self.lock_path, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            while _is_held(descriptor):
                if written := os.pread(descriptor, 20, 0):
                    return int(written)
                time.sleep(LOCK_PAUSE_S)  # it has the lock and has not said who it is yet
        finally:
            os.close(descriptor)
        return None

    def read(self) -> RunState | None:
        """Return what `run.json` says, None where there is none that can be read."""
        try:
            return msgspec.json.decode(self.run_path.read_bytes(), type=RunState)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return None

    def is_up(self, state: RunState | None) -> bool:
        """Say whether something runs here: a supervisor, or an engine that was given the stack."""
        on_engine = state is not None and state.request.get("target") == COMPOSE
        return on_engine or self.holder() is not None

    def running(self) -> RunState:
        """Return what `run.json` says of the stack that runs here.

        Raises:
            NotRunning: None does, or nothing can be said of it.
        """
        state, holder = self.read(), self.holder()
        if not self.is_up(state):
            raise NotRunning(f"no stack runs in {self.path}", try_next=["lf up"])
        if state is None:
            raise NotRunning(
                f"the stack in {self.path} (pid {holder}) is only starting, "
                f"or its {self.run_path.name} is broken",
                try_next=["lf doctor", "lf down"],
            )
        return state

    def running_with_nats(self) -> tuple[RunState, NatsAddress]:
        """Return what `running` does, and how the NATS of that stack is reached.

        Raises:
            NotRunning: No stack runs here, or it has no NATS.
        """
        state = self.running()
        if state.nats is None:
            raise NotRunning(f"the stack in {self.path} has no NATS yet", try_next=["lf status"])
        return state, state.nats

    def write(self, state: RunState) -> None:
        """Replace `run.json`, readable by its owner only: it holds the NATS password."""
        write_private(self.run_path, msgspec.json.format(msgspec.json.encode(state)))

    def forget(self) -> None:
        """Remove `run.json`: nothing runs here any more."""
        self.run_path.unlink(missing_ok=True)


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _locked(descriptor: int) -> bool:
    """Take the lock; somebody who only looks at it holds it for an instant."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_S)
        else:
            return True
    return False


def disk_bytes(path: Path) -> int:
    """Return the bytes of all files below `path`; files that vanish meanwhile count nothing."""
    total = 0
    for directory, _, files in os.walk(path):
        for name in files:
            try:
                total += (Path(directory) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
