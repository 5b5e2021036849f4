"""normalize: one shard's partitions, from MD_RAW to MD_NORM."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from ledgerflux.core.latency import slowest
from ledgerflux.core.sharding import partitions_of, shard_of
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles.keeper import Keeper
from ledgerflux.roles.normalize_measures import measures_of
from ledgerflux.roles.normalize_partition import NormalizePartition
from ledgerflux.roles.runtime import RateMeter, Vitals, wait_feed
from ledgerflux.telemetry.measures import Sample
from ledgerflux.venues.base import Venue
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.wire.health import FeedConf, PartitionHealth

TICK_S = 1.0


class Normalize:
    """Holds the partitions of `shard` that have products in the feed conf."""

    def __init__(self, bus: Bus, clock: Clock, *, shard: int, shards: int, writer: str) -> None:
        self._bus = bus
        self._clock = clock
        self._shard = shard
        self._shards = shards
        self._writer = writer
        self._conf: FeedConf | None = None
        self._held: dict[int, NormalizePartition] = {}
        self._keepers: dict[int, Keeper] = {}
        self._meter = RateMeter(clock)
        self._out_meter = RateMeter(clock)

    async def run(self) -> None:
        """Work until cancelled.

        A partition whose log can't be what was written stops alone, and says so.

        Raises:
            Fenced: Another normalizer took a partition.
        """
        while True:
            conf = self._conf = await wait_feed(self._bus, self._clock)
            venue = venue_named(conf.venue)
            mine = [
                partition
                for partition in partitions_of(conf.products)
                if shard_of(partition, self._shards) == self._shard
            ]
            self._held = {number: self._new_partition(venue, number) for number in mine}
            self._keepers = {number: Keeper(self._clock, number) for number in mine}
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._keep(venue, number)) for number in mine]
                tasks.append(group.create_task(self._tick()))
                await self._wait_other_partitions(conf)
                for task in tasks:
                    task.cancel()

    def _new_partition(self, venue: Venue, number: int) -> NormalizePartition:
        return NormalizePartition(self._bus, self._clock, venue, number, writer=self._writer)

    async def _keep(self, venue: Venue, number: int) -> None:
        """Work on one partition; what its log stopped is begun anew."""
        keeper = self._keepers[number]

        async def run() -> None:
            if keeper.stops_total:
                self._held[number] = self._new_partition(venue, number)
            await self._held[number].run()

        await keeper.keep(run)

    @property
    def _partitions(self) -> list[NormalizePartition]:
        return list(self._held.values())

    async def _wait_other_partitions(self, conf: FeedConf) -> None:
        """Return when the set of partitions or the venue changes; a new url is no matter here."""
        current = conf
        while True:
            other = await wait_feed(self._bus, self._clock, current)
            if (other.venue, set(partitions_of(other.products))) != (
                conf.venue,
                set(partitions_of(conf.products)),
            ):
                return
            self._conf = current = other

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            for part in self._partitions:
                part.latency.turn()
                await part.ask_again()

    def vitals(self) -> Vitals:
        """Return what the health record says."""
        parts = self._partitions
        counts: Counter[str] = Counter()
        for part in parts:
            counts.update(part.machine.counts)
            counts.update(part.machine.passed_over())
            counts["session_frames"] += part.machine.session_frames
            counts["append_doubts"] += part.writer.doubts_total
            counts["checkpoints"] += part.checkpoints_total
        made = Counter(counts)
        for part in parts:
            made.subtract(part.inherited)
        counts["stops"] = sum(keeper.stops_total for keeper in self._keepers.values())
        waiting = [part.oldest_waiting_ns for part in parts if part.oldest_waiting_ns]
        now_ns = self._clock.now_ns()
        state, reason = self._state()
        return Vitals(
            state=state,
            reason=reason,
            run=self._conf.run if self._conf else "",
            rate=self._meter.rate(made["raw_frames"]),
            lag_records=sum(part.raw_seen - part.writer.tail.b for part in parts),
            lag_ms=max(0, now_ns - min(waiting)) / 1e6 if waiting else 0.0,
            out_rate=self._out_meter.rate(made["norm_events"]),
            latency=slowest(part.latency for part in parts),
            partitions=tuple(self._health(part) for part in parts),
            counts=counts,
        )

    def measures(self) -> Iterator[Sample]:
        """Yield what is measured beside the health record."""
        parts = self._partitions
        return measures_of(
            self._shard, self._shards, parts, (part.latency.timings for part in parts)
        )

    def _state(self) -> tuple[str, str]:
        if self._conf is None:
            return "starting", "waiting for a source"
        for keeper in self._keepers.values():
            if keeper.trouble:
                return "degraded", keeper.trouble
        behind = [f"{part.partition:02d}" for part in self._partitions if not part.ready]
        if behind:
            return "starting", f"catching up: partitions {', '.join(behind)}"
        orphans = [f"{part.partition:02d}" for part in self._partitions if part.orphaned]
        if orphans:
            names = ", ".join(orphans)
            return (
                "degraded",
                f"partitions {names}: the log lost their session: a new one is asked for",
            )
        return "ready", ""

    def _health(self, part: NormalizePartition) -> PartitionHealth:
        products = part.machine.products
        return PartitionHealth(
            part.partition,
            sorted(products),
            raw=part.writer.tail.b,
            raw_head=part.raw_seen,
            norm=part.writer.tail.number,
            states={product: stream.state for product, stream in products.items()},
            away=not part.ready or bool(self._keepers[part.partition].trouble),
        )
