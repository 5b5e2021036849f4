"""snapshot: MD_NORM to point-in-time history in the store."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from ledgerflux.core.latency import slowest
from ledgerflux.core.sharding import partitions_of
from ledgerflux.core.timings import Timings
from ledgerflux.core.traded import Traded
from ledgerflux.errors import StoreError
from ledgerflux.ports import Bus, Clock, SnapshotStore
from ledgerflux.roles.keeper import Keeper
from ledgerflux.roles.nats_watch import Monitor, NatsWatch
from ledgerflux.roles.patience import Patience
from ledgerflux.roles.runtime import RateMeter, Vitals, wait_feed
from ledgerflux.roles.snapshot_measures import measures_of
from ledgerflux.roles.snapshot_partition import (
    NANOS,
    SnapshotOptions,
    SnapshotPartition,
)
from ledgerflux.telemetry.log import Events
from ledgerflux.telemetry.measures import Sample
from ledgerflux.wire.health import FeedConf, PartitionHealth

TICK_S = 1.0
ROWS = ("trades", "books", "gap_rows")
"""What is counted of what was stored."""
DEFAULT_OPTIONS = SnapshotOptions()

log = Events(__name__)


class Snapshot:
    """Stores the history of every partition that has products in the feed conf.

    It is one of a kind and off the way of the market: so it also looks after the NATS server,
    where there is a `monitor`.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        store: SnapshotStore,
        options: SnapshotOptions = DEFAULT_OPTIONS,
        *,
        monitor: Monitor | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._store = store
        self._options = options
        self._conf: FeedConf | None = None
        self._partitions: list[SnapshotPartition] = []
        self._keepers: list[Keeper] = []
        self._ended: Counter[str] = Counter()
        self._ended_traded = Traded()
        self._ended_timings = Timings()
        self._ended_stored_ns = 0
        self._watch = NatsWatch(clock, monitor)
        self._pruned_total = 0
        self._patience = Patience(clock)
        self._meter = RateMeter(clock)
        self._out_meter = RateMeter(clock)

    async def run(self) -> None:
        """Work until cancelled; then store what was read.

        Raises:
            Fenced: A newer term than the log's wrote a partition's history.
            StoreError: The store refuses, and trying again can't help.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            await self._patience.insist(self._store.prepare)
            await self._store_all()

    async def _store_all(self) -> None:
        while True:
            conf = self._conf = await wait_feed(self._bus, self._clock)
            self._partitions = [
                SnapshotPartition(
                    self._bus,
                    self._clock,
                    self._store,
                    conf.venue,
                    partition,
                    products,
                    self._options,
                )
                for partition, products in partitions_of(conf.products).items()
            ]
            self._keepers = [Keeper(self._clock, part.partition) for part in self._partitions]
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(keeper.keep(part.run))
                    for keeper, part in zip(self._keepers, self._partitions, strict=True)
                ]
                tasks.append(group.create_task(self._tick()))
                tasks.append(group.create_task(self._prune()))
                await self._wait_other_partitions(conf)
                for task in tasks:
                    task.cancel()
            for part in self._partitions:
                self._end(part)

    def _end(self, part: SnapshotPartition) -> None:
        """Keep what a partition counted that is followed no more."""
        self._ended.update(part.counts)
        self._ended_traded.take(part.traded)
        self._ended_timings.take(part.latency.timings)
        self._ended_stored_ns = max(self._ended_stored_ns, part.stored_ns)

    async def _wait_other_partitions(self, conf: FeedConf) -> None:
        """Return when the venue or the products change; a new url is no matter here."""
        current = conf
        while True:
            other = await wait_feed(self._bus, self._clock, current)
            if (other.venue, set(other.products)) != (conf.venue, set(conf.products)):
                return
            self._conf = current = other

    async def _tick(self) -> None:
        while True:
            for part in self._partitions:
                part.latency.turn()
                await part.look()
            await self._clock.sleep(TICK_S)

    async def _prune(self) -> None:
        """Delete old books now and then; a store that is away is no reason to stop."""
        while True:
            before_ns = self._clock.now_ns() - int(self._options.keep_books_s * NANOS)
            try:
                self._pruned_total += await self._store.prune(books_before_ns=before_ns)
            except StoreError as error:
                if not error.retryable:
                    raise
                log.warning("prune.postponed", reason=error.message)
            await self._clock.sleep(self._options.prune_every_s)

    def vitals(self) -> Vitals:
        """Return what the health record says."""
        parts = self._partitions
        counts = Counter(self._ended)
        for part in parts:
            counts.update(part.counts)
        counts["pruned_books"] = self._pruned_total
        counts["stops"] = sum(keeper.stops_total for keeper in self._keepers)
        waiting = [part.oldest_ns for part in parts if part.oldest_ns is not None]
        state, reason = self._state()
        return Vitals(
            state=state,
            reason=reason,
            run=self._conf.run if self._conf else "",
            rate=self._meter.rate(counts["events"]),
            lag_records=sum(max(0, part.head - part.position) for part in parts),
            lag_ms=max(0, self._clock.now_ns() - min(waiting)) / 1e6 if waiting else 0.0,
            out_rate=self._out_meter.rate(sum(counts[name] for name in ROWS)),
            latency=slowest(part.latency for part in parts),
            partitions=tuple(
                PartitionHealth(part.partition, list(part.products), norm=part.position)
                for part in parts
            ),
            counts=counts,
            durability=self._watch.durability,
        )

    def measures(self) -> Iterator[Sample]:
        """Yield what is measured beside the health record."""
        parts, traded = self._partitions, Traded()
        for each in (self._ended_traded, *(part.traded for part in parts)):
            traded.take(each)
        timings = [self._ended_timings, *(part.latency.timings for part in parts)]
        yield from measures_of(
            store_up=not (self._patience.store_away or any(part.store_away for part in parts)),
            stored_ns=max([self._ended_stored_ns, *(part.stored_ns for part in parts)]),
            timings=Timings.total(timings),
            traded=traded,
        )
        yield from self._watch.measures()

    def _state(self) -> tuple[str, str]:
        if self._patience.trouble:
            return "starting", self._patience.trouble
        if self._conf is None:
            return "starting", "waiting for a source"
        for keeper in self._keepers:
            if keeper.trouble:
                return "degraded", keeper.trouble
        if not all(part.ready for part in self._partitions):
            troubles = [part.trouble for part in self._partitions if part.trouble]
            return "starting", troubles[0] if troubles else "finding the place to go on from"
        for part in self._partitions:
            if part.trouble:
                return "degraded", part.trouble
        return "ready", ""
