"""`lf up` without its terminal: from a request to a running stack, here or in the background."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

import msgspec

from ledgerflux.adapters import embedded
from ledgerflux.adapters.embedded.nats_server import NatsAccess
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.process import last_lines
from ledgerflux.errors import LedgerFluxError, StackError
from ledgerflux.settings import UpRequest
from ledgerflux.stack.events import Event, Failed, Note, Starting, Up
from ledgerflux.stack.link import Connection
from ledgerflux.stack.local import LocalStack, WhileUp
from ledgerflux.stack.requests import check, choose_ports, resolve, venue_answers
from ledgerflux.stack.run_dir import RunDir, RunState
from ledgerflux.telemetry.log import log_to_file

BACKGROUND_MODULE = "ledgerflux.stack.background"
SUPERVISOR_LOG = "supervisor"


class UpOrder(msgspec.Struct, frozen=True):
    """What a background supervisor is told on its standard input."""

    request: UpRequest
    wait_timeout_s: float


def run_stack(
    asked: UpRequest,
    run_dir: RunDir,
    *,
    wait_timeout_s: float,
    tell: Callable[[Event], None],
    while_up: WhileUp | None = None,
) -> int:
    """Run the stack in this process until it is told to stop; return the exit code.

    Raises:
        Conflict: The directory is held, or the port asked for is taken.
        LedgerFluxError: The stack did not start; nothing of it is left.
    """
    check(asked)
    run_dir.claim()
    with run_dir.lock():
        run_dir.logs.mkdir(mode=0o700, exist_ok=True)
        _log_to(run_dir, tell)
        return asyncio.run(_run(asked, run_dir, wait_timeout_s, tell, while_up))


async def _run(
    asked: UpRequest,
    run_dir: RunDir,
    wait_timeout_s: float,
    tell: Callable[[Event], None],
    while_up: WhileUp | None,
) -> int:
    request = await resolve(asked, _venue_answers)
    ports = choose_ports(request)
    port = next(iter(ports.values()), 0)
    tell(Starting(request.source, request.durability, str(run_dir.path), port))
    stack = LocalStack(request, run_dir, asked=asked, ports=ports, connect=_connect, tell=tell)
    return await stack.run(wait_timeout_s=wait_timeout_s, while_up=while_up)


async def _venue_answers(venue: str) -> bool:
    from ledgerflux.adapters.ws_feed import WsFeed

    return await venue_answers(WsFeed(), venue)


@asynccontextmanager
async def _connect(access: NatsAccess) -> AsyncIterator[Connection]:
    opened = NatsBus.open(
        access.url, user=access.user, password=access.password, name="supervisor.local"
    )
    async with opened as bus:
        yield Connection(bus, partial(prepare, bus))


def start_in_background(
    asked: UpRequest,
    run_dir: RunDir,
    *,
    wait_timeout_s: float,
    tell: Callable[[Event], None],
) -> RunState:
    """Start a supervisor that outlives this process; return once its stack is up.

    Interrupted meanwhile, the half stack is stopped again.

    Raises:
        LedgerFluxError: What the supervisor says went wrong; nothing is left.
    """
    check(asked)
    run_dir.claim()
    run_dir.logs.mkdir(mode=0o700, exist_ok=True)
    order = UpOrder(asked, wait_timeout_s)
    supervisor = _spawn_supervisor(run_dir, order)
    try:
        return _follow(supervisor, run_dir, tell)
    except BaseException:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise
    finally:
        assert supervisor.stdout is not None
        supervisor.stdout.close()


def _spawn_supervisor(run_dir: RunDir, order: UpOrder) -> "subprocess.Popen[bytes]":
    log = os.open(run_dir.log(SUPERVISOR_LOG), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", BACKGROUND_MODULE, str(run_dir.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    assert supervisor.stdin is not None
    supervisor.stdin.write(msgspec.json.encode(order))
    supervisor.stdin.close()
    return supervisor


def _follow(
    supervisor: "subprocess.Popen[bytes]", run_dir: RunDir, tell: Callable[[Event], None]
) -> RunState:
    assert supervisor.stdout is not None
    for line in supervisor.stdout:
        event = msgspec.json.decode(line, type=Event)
        match event:
            case Failed():
                supervisor.wait()
                _raise(event)
            case Up():
                tell(event)
                return event.state
            case _:
                tell(event)
    words = "".join(f"\n    {line}" for line in last_lines(run_dir.log(SUPERVISOR_LOG)))
    raise StackError(
        f"the supervisor ended with code {supervisor.wait()} while starting:{words}",
        code="service_died",
    )


def failure(error: LedgerFluxError) -> Failed:
    """Return `error` as data."""
    return Failed(error.code, error.exit_code, error.message, list(error.try_next))


def _raise(failed: Failed) -> NoReturn:
    error = StackError(failed.message, code=failed.code, try_next=failed.try_next)
    error.exit_code = failed.exit_code
    raise error


def _log_to(run_dir: RunDir, tell: Callable[[Event], None]) -> None:
    """Write our own log beside those of the services; tell what the servers warn of."""
    log_to_file(run_dir.log(SUPERVISOR_LOG))
    servers = logging.getLogger(embedded.__name__)
    servers.handlers = [_Teller(tell)]


class _Teller(logging.Handler):
    """Turns warnings into notes for whoever watches the start."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(Note(record.getMessage()))
