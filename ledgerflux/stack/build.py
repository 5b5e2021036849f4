"""Puts roles together with the world: the only place that builds them."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol
from uuid import uuid4

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.process_usage import ProcessUsage
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.errors import BusError, Conflict, LedgerFluxError
from ledgerflux.ports import Bus, Clock, Listener
from ledgerflux.roles.runtime import HealthLoop, Identity, Vitals, holder
from ledgerflux.settings import RoleSettings

START_TIMEOUT_S = 30.0
DRAIN_TIMEOUT_S = 8.0


class Work(Protocol):
    """What a role is: work until cancelled, and vitals."""

    async def run(self) -> None:
        """Work."""
        ...

    def vitals(self) -> Vitals:
        """Say how it goes."""
        ...


Builder = Callable[[RoleSettings, Bus, Clock, str], Awaitable[Work]]


async def _ingest(_: RoleSettings, bus: Bus, clock: Clock, writer: str) -> Work:
    from ledgerflux.adapters.ws_feed import WsFeed
    from ledgerflux.roles.ingest import Ingest

    return Ingest(bus, clock, WsFeed(), writer=writer, random=random.random)


async def _normalize(settings: RoleSettings, bus: Bus, clock: Clock, writer: str) -> Work:
    from ledgerflux.roles.normalize import Normalize

    return Normalize(bus, clock, shard=settings.shard, shards=settings.shards, writer=writer)


BUILDERS: dict[str, Builder] = {"ingest": _ingest, "normalize": _normalize}


def run_role(role: str, settings: RoleSettings) -> int:
    """Run one role until SIGTERM or SIGINT; return its exit code.

    0: drained. Raises the error that ended it otherwise.
    """
    try:
        return _run_loop(_run(role, settings))
    except BaseExceptionGroup as group:
        error = first_error(group)
        if error is None:
            raise
        raise error from group


def _run_loop(main: Coroutine[None, None, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)


async def _run(role: str, settings: RoleSettings) -> int:
    bus_of = NatsBus.open(
        settings.nats_url,
        user=settings.nats_user,
        password=settings.nats_password,
        name=f"{role}.{settings.instance}",
    )
    async with bus_of as bus:
        await prepare(bus)
        clock = SystemClock()
        await _refuse_a_second(role, settings, bus, clock)
        writer = f"{role}.{settings.instance}.{os.getpid()}.{uuid4().hex[:8]}"
        work = await BUILDERS[role](settings, bus, clock, writer)
        await _serve(role, settings, bus, clock, work)
    return 0


async def _refuse_a_second(role: str, settings: RoleSettings, bus: Bus, clock: Clock) -> None:
    """Refuse to start beside a live process of the same name.

    Raises:
        Conflict: One wrote its health record a moment ago.
    """
    if settings.take_over:
        return
    key = f"{role}.{settings.instance}"
    held = await holder(bus, key, clock.now_ns())
    if held is not None and held.pid != os.getpid() and _alive(held.pid):
        raise Conflict(
            f"{key} runs already (pid {held.pid})",
            code="already_running",
            try_next=[f"lf run {role} ... --take-over", "lf status"],
        )


def _alive(pid: int) -> bool:
    """Say whether `pid` lives on this machine; one elsewhere counts as alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _serve(role: str, settings: RoleSettings, bus: Bus, clock: Clock, work: Work) -> None:
    """Run `work` with its health record and HTTP port until a signal asks to end."""
    from ledgerflux.adapters.ws_listener import WsListener

    listener: Listener = WsListener()
    identity = Identity(role, settings.instance, os.getpid())
    health = HealthLoop(bus, clock, identity, ProcessUsage(), work.vitals)
    async with listener.serve("127.0.0.1", settings.http_port, health.routes()) as port:
        health.http = f"http://127.0.0.1:{port}"
        await _until_signalled(work, health)


async def _until_signalled(work: Work, health: HealthLoop) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(health.run())
        working = group.create_task(work.run())
        stopping = group.create_task(stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            health.drain()
            working.cancel()
            await asyncio.wait((working,), timeout=DRAIN_TIMEOUT_S)
        beating.cancel()


def first_error(group: BaseExceptionGroup[BaseException]) -> LedgerFluxError | None:
    """Return the error of ours that says most in a group: one that is no bus error, if any."""
    errors = _leaves(group)
    ours = [error for error in errors if isinstance(error, LedgerFluxError)]
    telling = [error for error in ours if not isinstance(error, BusError)]
    return (telling or ours or [None])[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
