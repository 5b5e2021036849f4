"""ingest: venue sockets to MD_RAW, one socket for each partition that holds products."""

import asyncio
from collections.abc import Callable, Iterator

from ledgerflux.core.inbox import Room
from ledgerflux.core.latency import slowest
from ledgerflux.core.sharding import partitions_of
from ledgerflux.core.timings import Timings
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.ports import Bus, Clock, Feed
from ledgerflux.roles.ingest_partition import CROWDED_BYTES, IngestPartition
from ledgerflux.roles.ingest_tools import IngestTools
from ledgerflux.roles.pacer import Pacer
from ledgerflux.roles.runtime import RateMeter, Vitals, market_is_paused, wait_feed
from ledgerflux.telemetry.measures import Sample
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.wire.health import FeedConf, PartitionHealth

ROOM_BYTES_MAX = 128 * 1024 * 1024
"""What all partitions together hold while NATS is away; frames past it are lost and counted."""
SILENCE_S = 10.0
STALL_S = 2.5
"""A venue's heartbeats come once a second."""
LOCAL_STALL_S = 5.0
TICK_S = 1.0
STUCK_NS = 2_000_000_000
"""An append that waits longer is told in the health record."""
BACKOFF_CAP_S = 30.0
LOCAL_BACKOFF_CAP_S = 1.0
LOCAL_REQUESTS_PER_S = 1000.0
LOCAL_RUN = ("replay:", "synthetic")
REPLAY = "replay:"


class Ingest:
    """Follows the feed conf: another source, url or product list means new sockets."""

    def __init__(
        self, bus: Bus, clock: Clock, feed: Feed, *, writer: str, random: Callable[[], float]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._feed = feed
        self._writer = writer
        self._random = random
        self._conf: FeedConf | None = None
        self._partitions: list[IngestPartition] = []
        self._meter = RateMeter(clock)
        self._out_meter = RateMeter(clock)

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            Fenced: Another ingest took a partition.
        """
        while True:
            conf = self._conf = await wait_feed(self._bus, self._clock)
            self._partitions = self._make_partitions(conf)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(part.run()) for part in self._partitions]
                tasks.append(group.create_task(self._tick()))
                await wait_feed(self._bus, self._clock, conf)
                for task in tasks:
                    task.cancel()

    def _make_partitions(self, conf: FeedConf) -> list[IngestPartition]:
        venue = venue_named(conf.venue)
        local = conf.source.startswith(LOCAL_RUN)
        partitions = partitions_of(conf.products)
        per_s = LOCAL_REQUESTS_PER_S if local else venue.book_requests_per_s
        tools = IngestTools(
            bus=self._bus,
            clock=self._clock,
            feed=self._feed,
            pacer=Pacer(self._clock, per_s),
            random=self._random,
            writer=self._writer,
            room=Room(ROOM_BYTES_MAX),
            crowded_bytes=min(CROWDED_BYTES, ROOM_BYTES_MAX // max(1, len(partitions))),
            silence_s=None if local else SILENCE_S,
            stall_s=_stall_s(conf.source),
            held=self._held,
            backoff_cap_s=LOCAL_BACKOFF_CAP_S if local else BACKOFF_CAP_S,
        )
        return [
            IngestPartition(tools, venue, conf, partition, products)
            for partition, products in partitions.items()
        ]

    async def _held(self) -> bool:
        return await market_is_paused(self._bus, self._clock.now_ns())

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            for part in self._partitions:
                part.tail.latency.turn()

    def vitals(self) -> Vitals:
        """Return what the health record says."""
        parts = self._partitions
        frames = sum(part.frames_total for part in parts)
        state, reason = self._state()
        return Vitals(
            state=state,
            reason=reason,
            run=self._conf.run if self._conf else "",
            rate=self._meter.rate(frames),
            lag_records=sum(part.inbox.statistics().frames for part in parts),
            out_rate=self._out_meter.rate(sum(part.tail.stored_total for part in parts)),
            latency=slowest(part.tail.latency for part in parts),
            partitions=tuple(
                PartitionHealth(part.partition, list(part.products), raw=part.writer.tail.number)
                for part in parts
            ),
            counts={
                "frames": frames,
                "received_bytes": sum(part.bytes_total for part in parts),
                "reconnects": sum(part.reconnects_total for part in parts),
                "resyncs": sum(part.resyncs_total for part in parts),
                "lost_frames": sum(part.inbox.statistics().lost_total for part in parts),
                "append_doubts": sum(part.writer.doubts_total for part in parts),
                "sockets": sum(part.connected for part in parts),
                "complaints": sum(part.complaints_total for part in parts),
                "left_out": sum(len(part.left_out) for part in parts),
                "crowded": sum(part.inbox.crowded for part in parts),
                "queued_bytes": sum(part.inbox.statistics().bytes for part in parts),
            },
        )

    def measures(self) -> Iterator[Sample]:
        """Yield what is measured beside the health record."""
        stored = Timings.total(part.tail.latency.timings for part in self._partitions)
        yield Sample("ingest_publish_latency_seconds", stored)
        for part in self._partitions:
            own = (f"{part.partition:02d}",)
            yield Sample("ingest_feed_connected", part.connected, own)
            when_s = part.newest_frame_ns / NANOS_PER_S
            yield Sample("ingest_last_message_timestamp_seconds", when_s, own)

    def _state(self) -> tuple[str, str]:
        if self._conf is None:
            return "starting", "waiting for a source"
        parts, now_ns = self._partitions, self._clock.monotonic_ns()
        waits = [now_ns - since for p in parts if (since := p.writer.waiting_since_ns) is not None]
        if max(waits, default=0) > STUCK_NS:
            frames = sum(part.inbox.statistics().frames for part in parts)
            return "degraded", f"NATS takes nothing for {max(waits) / 1e9:.0f} s: {frames} wait"
        left_out = {name: why for part in parts for name, why in part.left_out.items()}
        if left_out:
            names = ", ".join(sorted(left_out))
            return "degraded", f"refused by the venue: {names} ({min(left_out.values())[:200]})"
        apart = [part for part in parts if not part.connected]
        if apart:
            names = ", ".join(product for part in apart for product in part.products)
            why = next((f" ({part.trouble})" for part in apart if part.trouble), "")
            return "degraded", f"not connected: {names}{why}"
        return "ready", ""


def _stall_s(source: str) -> float | None:
    """Return how long a socket of `source` may be silent between heartbeats, None for ever."""
    if source.startswith(REPLAY):
        return None
    return LOCAL_STALL_S if source.startswith(LOCAL_RUN) else STALL_S
