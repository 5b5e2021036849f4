"""What every role does beside its work: its health record, and the feed it works on."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from ledgerflux.core.latency import Latencies
from ledgerflux.core.timings import Timings
from ledgerflux.errors import BusError
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.ports import Bus, Clock, Handler, Mailbox, Request, Response, Usage
from ledgerflux.roles.narration import Narration
from ledgerflux.telemetry.log import Events
from ledgerflux.telemetry.measures import Sample
from ledgerflux.wire.health import (
    CONF_BUCKET,
    FEED_KEY,
    HEALTH_BUCKET,
    FeedConf,
    Health,
    LatencyHealth,
    PartitionHealth,
)
from ledgerflux.wire.replay import ReplayHealth
from ledgerflux.wire.subjects import conf_subject

HEALTH_EVERY_S = 1.0
UNREADY_EVERY_S = 0.2
PUBLISH_S = 2.0
"""A bus that takes no record in this time is away."""
CONF_EVERY_S = 2.0
"""How often the feed conf is read although nobody was heard writing it."""
FRESH_NS = 3_000_000_000
EXCHANGE_KEY = "exchange.0"

log = Events(__name__)
_encode = msgspec.json.Encoder().encode
_feed_decoder = msgspec.json.Decoder(FeedConf)
_health_decoder = msgspec.json.Decoder(Health)


class Vitals(NamedTuple):
    """What a role says of itself, once a second."""

    state: str
    reason: str = ""
    run: str = ""
    rate: float = 0.0
    lag_records: int = 0
    lag_ms: float = 0.0
    out_rate: float | None = None
    latency: Latencies = Latencies()
    end_to_end: Latencies | None = None
    partitions: tuple[PartitionHealth, ...] = ()
    counts: Mapping[str, int] = {}
    replay: ReplayHealth | None = None
    durability: str = ""


class Identity(NamedTuple):
    """Which process this is."""

    role: str
    instance: str
    pid: int


class HealthLoop:
    """Samples a role's vitals once a second, publishes them, and answers HTTP from them.

    `/health` is 200 as long as this loop turns; `/ready` is 200 when the role can do its
    work; `/metrics` is the same numbers for Prometheus, and what `measures` yields.
    `reconnects` tells how often the bus was connected to again.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        identity: Identity,
        usage: Callable[[], Usage],
        vitals: Callable[[], Vitals],
        *,
        measures: Callable[[], Iterable[Sample]] = tuple,
        reconnects: Callable[[], int] = int,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._identity = identity
        self._usage = usage
        self._vitals = vitals
        self._measures = measures
        self._reconnects = reconnects
        self._lag = Timings()
        self._started_ns = clock.now_ns()
        self._draining = False
        self._bus_away = False
        self._narration = Narration(log)
        self.http: Callable[[], str] = str
        self.publish_failures_total = 0
        self.current = self._sample()

    def routes(self) -> dict[str, Handler]:
        """Return what a role serves over HTTP."""
        return {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def run(self) -> None:
        """Publish until cancelled; more often while not ready, so that nobody waits for news."""
        while True:
            await self.publish()
            ready = self.current.state == "ready"
            await self._rest(HEALTH_EVERY_S if ready else UNREADY_EVERY_S)

    async def _rest(self, seconds: float) -> None:
        """Sleep, and note how much later than wanted the loop came back."""
        began_ns = self._clock.monotonic_ns()
        await self._clock.sleep(seconds)
        slept_s = (self._clock.monotonic_ns() - began_ns) / NANOS_PER_S
        self._lag.add(max(0.0, slept_s - seconds))

    async def publish(self) -> None:
        """Sample and publish once; an absent bus is no reason to stop, but told over HTTP."""
        self.current = self._sample()
        self._narration.tell(self.current)
        try:
            async with asyncio.timeout(PUBLISH_S):
                await self._bus.put(HEALTH_BUCKET, self.current.key, _encode(self.current))
        except (BusError, TimeoutError):
            self.publish_failures_total += 1
            self._bus_away = True
            self.current = self._sample()
        else:
            self._bus_away = False

    def drain(self) -> None:
        """Say from now on that the role is ending."""
        self._draining = True

    def _sample(self) -> Health:
        vitals, usage = self._vitals(), self._usage()
        if self._bus_away and vitals.state == "ready":
            vitals = vitals._replace(state="degraded", reason="NATS does not answer")
        return Health(
            role=self._identity.role,
            instance=self._identity.instance,
            pid=self._identity.pid,
            state="draining" if self._draining else vitals.state,
            time_ns=self._clock.now_ns(),
            started_ns=self._started_ns,
            reason=vitals.reason,
            run=vitals.run,
            http=self.http(),
            rate=round(vitals.rate, 1),
            lag_records=vitals.lag_records,
            lag_ms=round(vitals.lag_ms, 3),
            p50_ms=vitals.latency.p50_ms,
            p99_ms=vitals.latency.p99_ms,
            out_rate=None if vitals.out_rate is None else round(vitals.out_rate, 1),
            p95_ms=vitals.latency.p95_ms,
            p999_ms=vitals.latency.p999_ms,
            histogram=list(vitals.latency.histogram),
            end_to_end=_latency_health(vitals.end_to_end),
            cpu=round(usage.cpu, 3),
            rss_bytes=usage.rss_bytes,
            partitions=list(vitals.partitions),
            counts={name: int(count) for name, count in vitals.counts.items()},
            replay=vitals.replay,
            durability=vitals.durability,
        )

    def _health(self, _: Request) -> Response:
        age_ms = (self._clock.now_ns() - self.current.time_ns) // 1_000_000
        document = {"status": "ok", "age_ms": age_ms, **msgspec.to_builtins(self.current)}
        return Response(200, "application/json", _encode(document))

    def _ready(self, _: Request) -> Response:
        ready = self.current.state == "ready"
        document = {"ready": ready, "state": self.current.state, "reason": self.current.reason}
        return Response(200 if ready else 503, "application/json", _encode(document))

    def _metrics(self, _: Request) -> Response:
        # Late: a role that nobody scrapes does without the library.
        from ledgerflux.telemetry.metrics import render

        text = render(self.current, self._told())
        return Response(200, "text/plain; version=0.0.4; charset=utf-8", text)

    def _told(self) -> Iterator[Sample]:
        yield Sample("dependency_up", not self._bus_away, ("nats",))
        yield Sample("nats_reconnects_total", self._reconnects())
        yield Sample("event_loop_lag_seconds", self._lag)
        yield from self._measures()


def _latency_health(told: Latencies | None) -> LatencyHealth | None:
    if told is None:
        return None
    return LatencyHealth(told.p50_ms, told.p95_ms, told.p99_ms, told.p999_ms, list(told.histogram))


class RateMeter:
    """Messages a second between two looks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._then_ns = clock.monotonic_ns()
        self._total = 0

    def rate(self, total: int) -> float:
        """Return the rate since the last look, given the total now."""
        now_ns = self._clock.monotonic_ns()
        elapsed_s = max(1e-3, (now_ns - self._then_ns) / 1e9)
        rate = (total - self._total) / elapsed_s
        self._then_ns, self._total = now_ns, total
        return max(0.0, rate)


async def read_feed(bus: Bus) -> FeedConf | None:
    """Return the feed conf, None where nobody has written one."""
    value = await bus.get(CONF_BUCKET, FEED_KEY)
    return None if value is None else _feed_decoder.decode(value)


async def write_feed(bus: Bus, conf: FeedConf) -> None:
    """Set the feed conf."""
    await bus.put(CONF_BUCKET, FEED_KEY, _encode(conf))


async def wait_feed(bus: Bus, clock: Clock, other_than: FeedConf | None = None) -> FeedConf:
    """Return the feed conf once there is one that differs from `other_than`."""
    async with bus.subscribe(conf_subject(FEED_KEY)) as news:
        while True:
            try:
                conf = await read_feed(bus)
            except BusError:
                conf = None
            if conf is not None and conf != other_than:
                return conf
            await _heard(news, clock, CONF_EVERY_S)


async def _heard(news: Mailbox, clock: Clock, seconds: float) -> None:
    """Return when there is news, at the latest after `seconds`."""
    waits = [asyncio.ensure_future(wait) for wait in (anext(news), clock.sleep(seconds))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def holder(bus: Bus, key: str, now_ns: int) -> Health | None:
    """Return the health of a live instance under `key`, None where there is none."""
    value = await bus.get(HEALTH_BUCKET, key)
    if value is None:
        return None
    health = _health_decoder.decode(value)
    return health if now_ns - health.time_ns < FRESH_NS and health.state != "draining" else None


async def market_is_paused(bus: Bus, now_ns: int) -> bool:
    """Say whether the exchange of this stack tells that somebody paused its market."""
    try:
        health = await holder(bus, EXCHANGE_KEY, now_ns)
    except BusError:
        return False
    return health is not None and health.replay is not None and health.replay.paused
