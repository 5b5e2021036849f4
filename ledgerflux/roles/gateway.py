"""gateway: MD_NORM to clients over WebSocket, and the stack's state over HTTP."""

import asyncio
import random as random_module
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from secrets import token_bytes

from ledgerflux import __version__
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.latency import LatencyWindow, slowest
from ledgerflux.core.limits import Limits
from ledgerflux.core.networks import LOOPBACK, Network
from ledgerflux.core.parting import CODES, RESTART
from ledgerflux.core.request_desk import RequestDesk
from ledgerflux.core.sharding import partition_of, partitions_of
from ledgerflux.core.timings import Timings
from ledgerflux.ports import Bus, ClientConnection, Clock, Handler, Listener, Sent
from ledgerflux.roles.gateway_backlog import Backlog
from ledgerflux.roles.gateway_beats import SystemChannel, beat_heads
from ledgerflux.roles.gateway_client import GatewayClient, Greeting
from ledgerflux.roles.gateway_door import GatewayDoor
from ledgerflux.roles.gateway_flush import CohortWriter, Flusher, Write
from ledgerflux.roles.gateway_goodbye import say_goodbye
from ledgerflux.roles.gateway_grid import run_grid
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.gateway_health import HealthBoard
from ledgerflux.roles.gateway_http import GatewayHttp
from ledgerflux.roles.gateway_key import keep_key
from ledgerflux.roles.gateway_partition import GatewayPartition
from ledgerflux.roles.gateway_remote import Remote
from ledgerflux.roles.runtime import RateMeter, Vitals, wait_feed
from ledgerflux.telemetry.measures import Sample
from ledgerflux.venues.registry import venue
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_packing import pack
from ledgerflux.wire.health import FeedConf, PartitionHealth
from ledgerflux.wire.status import Status
from ledgerflux.wire.summary import GatewayNumbers, summarize

WEBSOCKET_PATHS = ("/v1/ws", "/ws")
BEAT_S = 1.0
DEFAULT_LIMITS = Limits()
COUNTS = ("throttled", "bad_requests", *(f"closed_{code}" for code in sorted(CODES - {RESTART})))


class Gateway:
    """Serves every partition that has products in the feed conf, to any number of clients.

    `new_identity` names connections, `random` draws from [0, 1) for each; `port` is right once
    it listens; `instance` is no other's; in `shared_networks` many clients share an address.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        listener: Listener,
        *,
        host: str,
        port: int,
        new_identity: Callable[[], str],
        limits: Limits = DEFAULT_LIMITS,
        shared_networks: Sequence[Network] = LOOPBACK,
        random: Callable[[], float] = random_module.random,
        instance: str = "0",
        guard: GatewayGuard | None = None,
    ) -> None:
        self.port = port
        self._instance = instance
        self._bus = bus
        self._clock = clock
        self._listener = listener
        self._host = host
        self._new_identity = new_identity
        self._random = random
        self._guard = guard or GatewayGuard(clock)
        self._limits = limits
        self._fanout = Fanout(gateway_frames, limits, self._wake)
        self._flusher = Flusher(clock)
        self._sent = Sent()
        self._desk = RequestDesk(self._fanout, limits)
        self._backlog = Backlog(bus, clock, self._fanout)
        self._remote = Remote(bus, clock)
        self._door = GatewayDoor(clock, limits, shared_networks)
        self._counts = Counter(dict.fromkeys(COUNTS, 0))
        self._board = HealthBoard(bus, clock)
        self._conf: FeedConf | None = None
        self._followers: dict[int, tuple[GatewayPartition, asyncio.Task[None]]] = {}
        self._clients: dict[ClientSession, GatewayClient] = {}
        self._writes: dict[ClientSession, Write] = {}
        self._mounted: dict[str, Handler] = {}
        self._listening = False
        self._system = SystemChannel(self._board, clock, self._fanout, lambda: self.status())
        self._end_to_end = LatencyWindow()
        self._queued = Timings()
        self._beats_total = 0
        self._ended_events_total = 0
        self._meter, self._out_meter = RateMeter(clock), RateMeter(clock)

    def mount(self, routes: Mapping[str, Handler]) -> None:
        """Answer these paths too, beside its own; before `run`."""
        self._mounted.update(routes)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            Conflict: The port is taken (`port_in_use`).
        """
        routes = {**self._mounted, **GatewayHttp(self._fanout, lambda: self.status()).routes()}
        async with self._listener.serve(
            self._host,
            self.port,
            routes,
            self._connected,
            websocket_paths=WEBSOCKET_PATHS,
            message_bytes_max=self._limits.message_bytes_max,
            door=self._door,
            guard=self._guard,
            pack=pack,
            sent=self._sent,
        ) as self.port:
            self._listening = True
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._board.run())
                    group.create_task(self._beat())
                    group.create_task(self._system.run())
                    group.create_task(self._backlog.run())
                    group.create_task(run_grid(self._fanout, self._clock))
                    group.create_task(
                        keep_key(self._bus, self._clock, self._fanout.tokens, token_bytes)
                    )
                    await self._follow(group)
            finally:
                self._door.shut()
                await say_goodbye(self._clients.values())

    def status(self) -> Status:
        """Return the state of the whole stack now."""
        numbers = GatewayNumbers(
            len(self._fanout.sessions),
            self._fanout.heads(),
            {partition: part.number for partition, (part, _) in self._followers.items()},
            self._board.silent_ns,
            self._instance,
        )
        board, now_ns = self._board, self._clock.now_ns()
        return summarize(self._conf, board.healths, board.supervisor, numbers, now_ns)

    def vitals(self) -> Vitals:
        """Return what the health record says."""
        parts = [part for part, _ in self._followers.values()]
        statistics = self._fanout.statistics()
        events_total = self._ended_events_total + sum(part.events_total for part in parts)
        state, reason = self._state(parts)
        return Vitals(
            state=state,
            reason=reason,
            run=self._conf.run if self._conf else "",
            rate=self._meter.rate(events_total),
            out_rate=self._out_meter.rate(statistics.delivered_total),
            latency=slowest(part.latency for part in parts),
            end_to_end=slowest([self._end_to_end]),
            partitions=tuple(self._partition(part) for part in parts),
            counts={
                "clients": statistics.clients,
                "subscriptions": statistics.subscriptions,
                "delivered": statistics.delivered_total,
                "events": events_total,
                "queued_bytes": statistics.queued_bytes,
                "slow_clients": statistics.slow_clients,
                "fell_behind": statistics.fell_behind_total,
                "live_holes": sum(part.holes_total for part in parts),
                "resume_bytes": self._fanout.ring.size_bytes,
                "losses": sum(part.losses_total for part in parts),
                "foreign": sum(part.foreign_total for part in parts),
                **self._backlog.counts(),
                **self._remote.counts(),
                **self._sent.counts(),
                **self._counts,
                **self._door.counts(),
            },
        )

    def measures(self) -> Iterator[Sample]:
        """Yield what is measured beside the health record."""
        followed = (part.latency.timings for part, _ in self._followers.values())
        yield Sample("gateway_delivery_latency_seconds", self._end_to_end.timings)
        yield Sample("gateway_queue_latency_seconds", Timings.total([self._queued, *followed]))

    # -- the feed ----------------------------------------------------------------------

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Follow the feed conf: another venue or other products are served at once."""
        while True:
            conf = await wait_feed(self._bus, self._clock, self._conf)
            other_venue = self._conf is not None and conf.venue != self._conf.venue
            wanted = partitions_of(conf.products)
            for partition in list(self._followers):
                if other_venue or partition not in wanted:
                    self._drop(partition)
            dialect = venue(conf.venue)
            self._fanout.begin(
                conf.venue, integrity=dialect.integrity, integrity_rule=dialect.integrity_rule
            )
            self._conf = conf
            for partition in wanted:
                if partition not in self._followers:
                    part = GatewayPartition(
                        self._bus,
                        self._clock,
                        self._fanout,
                        conf.venue,
                        partition,
                        flusher=self._flusher,
                        attendance=self._board.attendance,
                        end_to_end=self._end_to_end,
                    )
                    self._followers[partition] = (part, group.create_task(part.run()))
            self._fanout.serve(conf.products)

    def _drop(self, partition: int) -> None:
        part, task = self._followers.pop(partition)
        self._ended_events_total += part.events_total
        self._queued.take(part.latency.timings)
        task.cancel()

    # -- clients -----------------------------------------------------------------------

    async def _connected(self, connection: ClientConnection) -> None:
        client = GatewayClient(
            connection,
            self._new_identity(),
            self._fanout,
            self._desk,
            self._clock,
            self._limits,
            self._greeting,
            self._counts,
            self._flusher,
            self._door.bucket(connection.address),
            self._random(),
            self._guard,
            self._backlog,
            self._remote,
        )
        self._clients[client.session] = client
        self._writes[client.session] = client.write
        try:
            await client.run()
        finally:
            del self._clients[client.session], self._writes[client.session]

    def _wake(self, cohort: Cohort) -> None:
        self._flusher.add(CohortWriter(cohort, self._writes))

    def _greeting(self) -> Greeting:
        venue_name, source = (self._conf.venue, self._conf.source) if self._conf else ("", "")
        return Greeting(f"ledgerflux/{__version__}", venue_name, source, self._system.word)

    async def _beat(self) -> None:
        """Once a second: heartbeats, the state of the stack, and who has been slow too long."""
        while True:
            await self._clock.sleep(BEAT_S)
            self._beats_total += 1
            for client in list(self._clients.values()):
                client.tick()
            self._backlog.tick()
            for part, _ in self._followers.values():
                part.latency.turn()
                part.judge()
            self._end_to_end.turn()
            beat_heads(self._fanout, self._beats_total, self._clock.now_ns())
            self._system.tell()

    # -- what is told ------------------------------------------------------------------

    def _state(self, parts: list[GatewayPartition]) -> tuple[str, str]:
        if not self._listening:
            return "starting", "not listening yet"
        if self._conf is None:
            return "starting", "waiting for a source"
        for part in parts:
            if part.trouble:
                return "degraded", part.trouble
        if not all(part.ready for part in parts):
            return "starting", "catching up with the log"
        return "ready", ""

    def _partition(self, part: GatewayPartition) -> PartitionHealth:
        mine = {
            product: stream.state
            for product, stream in self._fanout.products.items()
            if partition_of(product) == part.partition
        }
        return PartitionHealth(part.partition, sorted(mine), norm=part.number, states=mine)
