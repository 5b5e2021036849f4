"""A role at work: its health record, its HTTP port, and its end when a signal asks for it."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from ledgerflux.adapters.late_listener import LateListener
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.process_usage import ProcessUsage
from ledgerflux.ports import Clock, Handler, Listener
from ledgerflux.roles.runtime import HealthLoop, Identity, Vitals
from ledgerflux.settings import RoleSettings
from ledgerflux.telemetry.log import Events
from ledgerflux.telemetry.measures import Sample

DRAIN_TIMEOUT_S = 8.0

log = Events(__name__)


class Work(Protocol):
    """What a role is: work until cancelled, and vitals."""

    async def run(self) -> None:
        """Work."""
        ...

    def vitals(self) -> Vitals:
        """Say how it goes."""
        ...

    def measures(self) -> Iterable[Sample]:
        """Tell what is measured beside that."""
        ...


@runtime_checkable
class Mounting(Protocol):
    """A role with a port of its own, which serves health and metrics too."""

    port: int

    def mount(self, routes: Mapping[str, Handler]) -> None:
        """Answer these paths too."""
        ...


async def serve(role: str, settings: RoleSettings, bus: NatsBus, clock: Clock, work: Work) -> None:
    """Run `work` with its health record and HTTP port until a signal asks to end."""
    identity = Identity(role, settings.instance, os.getpid())
    log.info("role.started", role=role, instance=settings.instance, pid=identity.pid)
    health = HealthLoop(
        bus,
        clock,
        identity,
        ProcessUsage(),
        work.vitals,
        measures=work.measures,
        reconnects=lambda: bus.reconnects_total,
    )
    routes = health.routes()
    if isinstance(work, Mounting):  # it listens anyway: one port serves all
        scheme = "http" if settings.tls_cert is None else "https"
        health.http = lambda: f"{scheme}://{settings.host}:{work.port}"
        work.mount({path: routes[path] for path in routes if not _is_own(path, settings)})
        if not settings.shares_port:
            await _until_signalled(work, health)
            return
    host = settings.http_host
    async with LateListener(_http_server).serve(host, settings.http_port, routes) as port:
        if not isinstance(work, Mounting):
            health.http = lambda: f"http://{host}:{port}"
        await _until_signalled(work, health)


def _is_own(path: str, settings: RoleSettings) -> bool:
    """Say whether `path` must not be answered by any of several gateways on one port."""
    return settings.shares_port and path == "/metrics"


def _http_server(bound: socket.socket) -> Listener:
    from ledgerflux.adapters.ws_listener import WsListener
    from ledgerflux.telemetry import metrics  # noqa: F401 - not in the event loop, later

    return WsListener(bound)


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
