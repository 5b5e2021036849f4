"""`lf run gateway --workers N`: gateways that share one port, and what looks after them.

Each is a process with its own line to the bus and its own books; the kernel deals connections
out among those that listen. One that dies is started again while the others go on.
"""

import asyncio
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ledgerflux.adapters.process import Child, Command, Spawn
from ledgerflux.adapters.sockets import free_port, reserved_socket
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.supervision import Service
from ledgerflux.errors import ConfigError, StackError
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.settings import RoleSettings
from ledgerflux.stack.build import first_error
from ledgerflux.stack.members import child_environment
from ledgerflux.stack.securing import guard_of, tls_of
from ledgerflux.stack.serving import DRAIN_TIMEOUT_S
from ledgerflux.stack.stop_signals import INTERRUPTED, stop_signals
from ledgerflux.stack.supervisor import Member, Supervisor
from ledgerflux.stack.warden import Warden
from ledgerflux.stack.worker import order
from ledgerflux.telemetry.log import Events

WORKER_COMMAND = (sys.executable, "-P", "-m", "ledgerflux.stack.worker")
GRACE_NS = int((DRAIN_TIMEOUT_S + 1) * NANOS_PER_S)
"""A worker that has not drained by then is killed."""
START_TIMEOUT_S = 60.0
POLL_S = 0.1
LOOPBACK = "127.0.0.1"
PORT_MAX = 65_535

log = Events(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class _Told(Command):
    """A command that reads `order` from its standard input."""

    order: bytes = b""


class WorkerRunner:
    """One worker: it has a port of its own beside the shared one, for health and metrics."""

    def __init__(self, settings: RoleSettings) -> None:
        self._settings = settings

    @property
    def address(self) -> str:
        """Return where its metrics are."""
        return f"http://{LOOPBACK}:{self._settings.http_port}/metrics"

    async def launch(self, spawn: Spawn) -> Child:
        """Start it; from the second time on over the record of the one that died."""
        argv = (*WORKER_COMMAND, str(self._settings.data_dir))
        told, environment = order(self._settings), child_environment()
        self._settings = dataclasses.replace(self._settings, take_over=True)
        return await spawn(_Told(argv, Path(os.devnull), environment=environment, order=told))

    async def wait_ready(self, child: Child) -> None:
        """Return once it answers: what it waits for beyond that, its health record tells."""
        while not await _answers(self._settings.http_port):
            if child.returncode is not None:
                raise StackError("ended first")
            await asyncio.sleep(POLL_S)


class Workers:
    """The gateways of one port; `run` may be called once."""

    def __init__(self, settings: RoleSettings) -> None:
        members = [_member(each) for each in settings_of_each(settings)]
        self._warden = Warden(settings.data_dir)
        self._supervisor = Supervisor(
            members,
            self._warden,
            spawn=_spawn,
            on_ready=_say_ready,
            on_death=lambda _: self._note_deaths(),
        )
        self._stop = asyncio.Event()
        self._forced = False

    async def run(self) -> int:
        """Start all, stay until a signal asks to stop or none is left; return the exit code.

        Raises:
            LedgerFluxError: One did not start, or all were given up.
        """
        try:
            with stop_signals(self._ask_to_stop):
                async with asyncio.TaskGroup() as tasks:
                    caring = tasks.create_task(self._care())
                    children = tasks.create_task(self._supervisor.run())
                    try:
                        await self._supervisor.wait_up(START_TIMEOUT_S)
                        await self._stop.wait()
                    finally:
                        self._supervisor.stop()
                        await asyncio.wait([children])
                        caring.cancel()
        except BaseExceptionGroup as group:
            error = first_error(group)
            if error is None:
                raise
            raise error from None
        finally:
            self._clean_up()
        return self._exit_code()

    @property
    def _all_given_up(self) -> bool:
        return all(row.state == "failed" for row in self._supervisor.standings)

    def _exit_code(self) -> int:
        if self._all_given_up:
            raise StackError("every worker of the gateway ended for good", code="service_died")
        if self._forced:
            return INTERRUPTED
        return 1 if self._supervisor.killed else 0

    async def _care(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._warden.keep_alive()

    def _note_deaths(self) -> None:
        if self._all_given_up:
            self._stop.set()

    def _ask_to_stop(self, _: str) -> None:
        """Let every worker drain; the second time, end them."""
        if self._stop.is_set():
            self._forced = True
            self._supervisor.force()
            return
        self._stop.set()
        self._supervisor.stop()

    def _clean_up(self) -> None:
        if self._supervisor.down:
            self._warden.dismiss()
        else:
            self._supervisor.kill_all()
            self._warden.abandon()


def run_workers(settings: RoleSettings) -> int:
    """Run `settings.workers` gateways on one port until asked to end; return the exit code.

    Raises:
        Conflict: The port is taken (`port_in_use`).
        ConfigError: A setting is wrong for all of them.
        LedgerFluxError: The workers can't be started, or all ended for good.
    """
    if settings.http_port + settings.workers - 1 > PORT_MAX:
        raise ConfigError(
            f"no {settings.workers} ports from {settings.http_port} on: the last is {PORT_MAX}",
            code="bad_argument",
        )
    tls_of(settings)  # what is wrong with these is said once, not by every worker
    guard_of(settings, SystemClock())
    with reserved_socket(settings.host, settings.port) as held:
        port = int(held.getsockname()[1])
        log.info("workers.started", host=settings.host, port=port, workers=settings.workers)
        return asyncio.run(_run(dataclasses.replace(settings, port=port)))


async def _run(settings: RoleSettings) -> int:
    return await Workers(settings).run()


def settings_of_each(settings: RoleSettings) -> Sequence[RoleSettings]:
    """Return what each worker is: its name, and its own port for health and metrics.

    The names are 0, 1, ..., after `settings.instance` where that is a name; ports of their own
    follow `settings.http_port`, where it is 0 they are free ones.
    """
    prefix = "" if settings.instance == "0" else f"{settings.instance}-"
    ports: list[int] = []
    while len(ports) < settings.workers:
        port = settings.http_port + len(ports) if settings.http_port else free_port()
        if port not in ports:
            ports.append(port)
    return [
        dataclasses.replace(
            settings, instance=f"{prefix}{number}", http_port=port, workers=1, shares_port=True
        )
        for number, port in enumerate(ports)
    ]


def _member(settings: RoleSettings) -> Member:
    service = Service(f"gateway-{settings.instance}", grace_ns=GRACE_NS)
    return Member(service, WorkerRunner(settings))


async def _spawn(command: Command) -> Child:
    """Start a worker, whose lines go where ours go."""
    assert isinstance(command, _Told)
    process = await asyncio.create_subprocess_exec(
        *command.argv,
        stdin=asyncio.subprocess.PIPE,
        env=command.environment,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(command.order)
    process.stdin.close()
    return Child(command, process)


def _say_ready(member: Member, seconds: float) -> None:
    name, metrics = member.service.name, member.runner.address
    log.info("worker.ready", worker=name, metrics=metrics, seconds=round(seconds, 1))


async def _answers(port: int) -> bool:
    """Say whether somebody answers at `port` that all is well."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
