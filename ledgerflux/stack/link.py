"""The supervisor's connection to the bus: health of the roles in, its own out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import NamedTuple

import msgspec

from ledgerflux.adapters.embedded.nats_server import NatsAccess
from ledgerflux.errors import BusError
from ledgerflux.ports import Bus
from ledgerflux.wire.health import (
    HEALTH_BUCKET,
    Health,
    PartitionHealth,
    SupervisorHealth,
    all_known,
)
from ledgerflux.wire.replay import Refused
from ledgerflux.wire.service_order import RestartAnswer, decode_restart
from ledgerflux.wire.subjects import RESTART_SUBJECT

SUPERVISOR_KEY = "supervisor.local"
RETRY_S = 0.1


class Connection(NamedTuple):
    """An open bus, and the call that makes its streams and buckets."""

    bus: Bus
    prepare: Callable[[], Awaitable[None]]


Restart = Callable[[str], RestartAnswer]
"""Starts a service anew, soon: the answer is on its way first."""
Connect = Callable[[NatsAccess], AbstractAsyncContextManager[Connection]]


class BusLink:
    """What the roles say of themselves, by health key, and who waits for one to be ready.

    Bounded by the number of role instances. `run` must be a task for as long as the
    link is used.
    """

    def __init__(self, connect: Connect, restart: Restart | None = None) -> None:
        self._connect = connect
        self._restarter = restart
        self._access: asyncio.Queue[NatsAccess] = asyncio.Queue(1)
        self._connection: Connection | None = None
        self._opened = asyncio.Event()
        self._prepared = False
        self._waiting: dict[int, asyncio.Event] = {}
        self.latest: dict[str, Health] = {}

    async def run(self) -> None:
        """Follow the health records once `prepare` has named the server; never returns.

        Raises:
            BusError: The server does not let us in.
        """
        access = await self._access.get()
        async with (
            self._connect(access) as connection,
            connection.bus.subscribe(f"$KV.{HEALTH_BUCKET}.>") as records,
            connection.bus.answer(RESTART_SUBJECT, self._restart),
        ):
            self._connection = connection
            self._opened.set()
            async for subject, payload in records:
                if not subject.endswith(f".{SUPERVISOR_KEY}"):
                    self.receive(payload)

    async def _restart(self, payload: bytes) -> bytes:
        """Answer an order to start a service anew."""
        try:
            order = decode_restart(payload)
        except msgspec.DecodeError as error:
            refused = Refused("bad_argument", str(error)[:200])
            return msgspec.json.encode(RestartAnswer(error=refused))
        if self._restarter is None:
            refused = Refused("unavailable", "nothing can be started anew here")
            return msgspec.json.encode(RestartAnswer(error=refused))
        return msgspec.json.encode(self._restarter(order.service))

    async def prepare(self, access: NatsAccess) -> None:
        """Make sure that the server at `access` has its streams; also after it came back."""
        if self._connection is None:
            self._access.put_nowait(access)
            await self._opened.wait()
        assert self._connection is not None
        while True:
            with suppress(BusError):
                await self._connection.prepare()
                self._prepared = True
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
        """Write the supervisor's own record; nothing happens while the bus is away.

        Nor before the bucket is there: who listens to its subjects keeps the server from saying
        at once that nobody stores, so the write would wait for its answer in vain for seconds.
        """
        if self._connection is not None and self._prepared:
            value = msgspec.json.encode(health)
            with suppress(BusError):
                await self._connection.bus.put(HEALTH_BUCKET, SUPERVISOR_KEY, value)


def is_through(records: Iterable[Health], *, since_ns: int) -> bool:
    """Say whether everything ingested has reached the end of the path.

    Args:
        records: The newest health record of each role instance.
        since_ns: Records from before this time say nothing: more may have come.
    """
    roles: dict[str, dict[int, PartitionHealth]] = {}
    records = tuple(records)
    for health in records:
        if health.role == "exchange":
            continue
        if health.time_ns < since_ns:
            return False
        name = health.key if health.role == "gateway" else health.role  # each serves everything
        roles.setdefault(name, {}).update({row.partition: row for row in health.partitions})
    if not all_known(records):
        return False
    raw, norm = roles.get("ingest", {}), roles.get("normalize", {})
    normalized = all(row.raw <= norm[n].raw if n in norm else False for n, row in raw.items())
    readers = (
        rows for name, rows in roles.items() if name.partition(".")[0] in ("snapshot", "gateway")
    )
    return normalized and all(
        n in rows and rows[n].norm >= row.norm for rows in readers for n, row in norm.items()
    )
