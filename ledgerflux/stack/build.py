"""Puts roles together with the world: the only place that builds them."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import NamedTuple
from uuid import uuid4

from ledgerflux.adapters.collector import calm_collector
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.errors import BusError, ConfigError, Conflict, LedgerFluxError
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles.runtime import holder, write_feed
from ledgerflux.settings import DEFAULT_PRODUCTS, LIVE_SOURCES, RoleSettings, parse_source
from ledgerflux.stack.serving import Work, serve
from ledgerflux.venues.registry import venue
from ledgerflux.wire.health import CONF_BUCKET, FeedConf

EXCHANGE_STATE = "exchange.state"


class Tools(NamedTuple):
    """What every builder may use; `held` closes with the role."""

    bus: Bus
    clock: Clock
    writer: str
    held: AsyncExitStack


Builder = Callable[[RoleSettings, Tools], Awaitable[Work]]


async def _exchange(settings: RoleSettings, tools: Tools) -> Work:
    from ledgerflux.adapters.market_plans import market_plan
    from ledgerflux.adapters.state_file import StateFile
    from ledgerflux.adapters.ws_listener import WsListener
    from ledgerflux.roles.exchange import Exchange

    replay = parse_source(settings.source).kind == "replay"
    chosen = None if replay and settings.products == DEFAULT_PRODUCTS else settings.products
    plan = await asyncio.to_thread(market_plan, settings.source, chosen)
    state = StateFile(settings.data_dir / EXCHANGE_STATE, plan.identity)
    tools.held.callback(state.close)
    return Exchange(
        tools.bus,
        tools.clock,
        WsListener(),
        plan,
        state,
        speed=None if settings.speed == "max" else settings.speed,
        paused=settings.paused,
        at_end=settings.at_end,
        host=settings.exchange_host,
        port=settings.exchange_port,
        advertise=settings.advertise,
    )


async def _ingest(settings: RoleSettings, tools: Tools) -> Work:
    from ledgerflux.adapters.ws_feed import WsFeed
    from ledgerflux.roles.ingest import Ingest

    if settings.source in LIVE_SOURCES:
        await _set_live_feed(settings, tools.bus)
    return Ingest(tools.bus, tools.clock, WsFeed(), writer=tools.writer, random=random.random)


async def _set_live_feed(settings: RoleSettings, bus: Bus) -> None:
    """Say where the venue is; a live venue keeps one run for the life of the data set."""
    dialect = venue(settings.source)
    key = f"run.{dialect.name}"
    held = await bus.get(CONF_BUCKET, key)
    run = held.decode() if held else uuid4().hex[:12]
    if held is None:
        await bus.put(CONF_BUCKET, key, run.encode())
    await write_feed(
        bus,
        FeedConf(
            venue=dialect.name,
            url=dialect.url,
            source=settings.source,
            run=run,
            products=list(settings.products),
            channels=list(dialect.channels),
        ),
    )


async def _normalize(settings: RoleSettings, tools: Tools) -> Work:
    from ledgerflux.roles.normalize import Normalize

    return Normalize(
        tools.bus,
        tools.clock,
        shard=settings.shard,
        shards=settings.shards,
        writer=tools.writer,
    )


async def _snapshot(settings: RoleSettings, tools: Tools) -> Work:
    from ledgerflux.adapters.postgres_store import PostgresStore
    from ledgerflux.roles.snapshot import Snapshot

    if settings.postgres_dsn is None:
        raise ConfigError("snapshot needs a Postgres", try_next=["lf run snapshot --postgres DSN"])
    store = await tools.held.enter_async_context(
        PostgresStore(settings.postgres_dsn, settings.postgres_password)
    )
    monitor = None
    if settings.nats_monitor_url is not None:
        from ledgerflux.adapters.nats_monitor import NatsMonitor

        monitor = NatsMonitor(settings.nats_monitor_url)
    return Snapshot(tools.bus, tools.clock, store, monitor=monitor)


async def _gateway(settings: RoleSettings, tools: Tools) -> Work:
    from ledgerflux.adapters.gateway_page import GatewayPage
    from ledgerflux.adapters.ws_listener import WsListener
    from ledgerflux.core.networks import LOOPBACK, networks_of
    from ledgerflux.roles.gateway import Gateway
    from ledgerflux.stack.securing import guard_of, shared_socket, tls_of

    gateway = Gateway(
        tools.bus,
        tools.clock,
        WsListener(shared_socket(settings), tls_of(settings)),
        host=settings.host,
        port=settings.port,
        new_identity=lambda: uuid4().hex[:12],
        random=random.random,
        instance=settings.instance,
        guard=guard_of(settings, tools.clock),
        shared_networks=(*LOOPBACK, *networks_of(settings.shared_networks)),
    )
    gateway.mount({"/": GatewayPage()})
    return gateway


BUILDERS: dict[str, Builder] = {
    "exchange": _exchange,
    "ingest": _ingest,
    "normalize": _normalize,
    "snapshot": _snapshot,
    "gateway": _gateway,
}


def run_role(role: str, settings: RoleSettings) -> int:
    """Run one role until SIGTERM or SIGINT; return its exit code.

    0: drained. Raises the error that ended it otherwise.
    """
    calm_collector()
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
    async with AsyncExitStack() as held:
        bus = await held.enter_async_context(bus_of)
        await prepare(bus)
        clock = SystemClock()
        await _refuse_a_second(role, settings, bus, clock)
        writer = f"{role}.{settings.instance}.{os.getpid()}.{uuid4().hex[:8]}"
        work = await BUILDERS[role](settings, Tools(bus, clock, writer, held))
        await serve(role, settings, bus, clock, work)
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


def first_error(group: BaseExceptionGroup[BaseException]) -> LedgerFluxError | None:
    """Return the error of ours that says most in a group: one that is no bus error, if any."""
    errors = _leaves(group)
    ours = [error for error in errors if isinstance(error, LedgerFluxError)]
    telling = [error for error in ours if not isinstance(error, BusError)]
    return next(iter(telling or ours), None)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
