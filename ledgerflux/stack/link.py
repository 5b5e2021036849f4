"""The supervisor's connection to the bus: health of the roles in, its own out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TypeVar

import msgspec

from ledgerflux.adapters.embedded.nats_server import NatsAccess
from ledgerflux.errors import BusError
from ledgerflux.ports import Bus
from ledgerflux.wire.health import HEALTH_BUCKET, Health, PartitionHealth, SupervisorHealth

SUPERVISOR_KEY = "supervisor.local"
RETRY_S = 0.1

B = TypeVar("B", bound=Bus)
OpenBus = Callable[[NatsAccess], AbstractAsyncContextManager[B]]
Prepare = Callable[[B], Awaitable[None]]


class BusLink:
    """What the roles say of themselves, by health key, and who waits for one to be ready.

    Bounded by the number of role instances. `run` must be a task for as long as the
    link is used.
    """

    def __init__(self, open_bus: OpenBus[B], prepare: Prepare[B]) -> None:
        self._open_bus: OpenBus[B] = open_bus
        self._prepare: Prepare[B] = prepare
        self._access: asyncio.Future[NatsAccess] | None = None
        self._bus: Bus | None = None
        self._opened = asyncio.Event()
        self._waiting: dict[int, asyncio.Event] = {}
        self.latest: dict[str, Health] = {}

    async def run(self) -> None:
        """Follow the health records once `prepare` has named the server; never returns."""
        access = await self._server()
        async with (
            self._open_bus(access) as bus,
            bus.subscribe(f"$KV.{HEALTH_BUCKET}.>") as records,
        ):
            self._bus = bus
            self._opened.set()
            async for subject, payload in records:
                if not subject.endswith(f".{SUPERVISOR_KEY}"):
                    self.receive(payload)

    async def prepare(self, access: NatsAccess) -> None:
        """Make sure that the server at `access` has its streams; also after it came back."""
        server = self._server()
        if not server.done():
            server.set_result(access)
        await self._opened.wait()
        while True:
            with suppress(BusError):
                await self._prepare(self._bus)  # type: ignore[arg-type]
                return
            await asyncio.sleep(RETRY_S)

    def receive(self, payload: bytes) -> None:
        """Take in one health record; what is none of ours is left alone."""
        with suppress(msgspec.DecodeError):
            health = msgspec.json.decode(payload, type=Health)
            self.latest[health.key] = health
            if health.state == "ready" and health.pid in self._waiting:
                self._waiting[health.pid].set()

    async def wait_ready(self, pid: int) -> None:
        """Return once the role in process `pid` has said that it is ready."""
        if any(health.pid == pid and health.state == "ready" for health in self.latest.values()):
            return
        event = self._waiting.setdefault(pid, asyncio.Event())
        try:
            await event.wait()
        finally:
            self._waiting.pop(pid, None)

    async def publish(self, health: SupervisorHealth) -> None:
        """Write the supervisor's own record; nothing happens while the bus is away."""
        if self._bus is not None:
            with suppress(BusError):
                await self._bus.put(HEALTH_BUCKET, SUPERVISOR_KEY, msgspec.json.encode(health))

    def _server(self) -> asyncio.Future[NatsAccess]:
        if self._access is None:
            self._access = asyncio.get_running_loop().create_future()
        return self._access


def is_through(records: Iterable[Health], *, since_ns: int) -> bool:
    """Say whether everything ingested has reached the end of the path.

    Args:
        records: The newest health record of each role instance.
        since_ns: Records from before this time say nothing: more may have come.
    """
    roles: dict[str, dict[int, PartitionHealth]] = {}
    for health in records:
        if health.role == "exchange":
            continue
        if health.time_ns < since_ns:
            return False
        roles.setdefault(health.role, {}).update({row.partition: row for row in health.partitions})
    raw, norm = roles.get("ingest", {}), roles.get("normalize", {})
    normalized = all(row.raw <= norm[n].raw if n in norm else False for n, row in raw.items())
    readers = (rows for role, rows in roles.items() if role in ("snapshot", "gateway"))
    return normalized and all(
        n in rows and rows[n].norm >= row.norm for rows in readers for n, row in norm.items()
    )
