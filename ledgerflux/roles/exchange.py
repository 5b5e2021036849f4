"""exchange: a recording or a made market, served in a venue's own dialect.

The market decides everything; this shell gives it sockets, the clock and its control subject,
and keeps what a killed process must find again.
"""

import asyncio
from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from ledgerflux.core.market import Market
from ledgerflux.core.market_source import MarketPlan, Source
from ledgerflux.errors import Conflict
from ledgerflux.ports import Bus, Clock, Listener
from ledgerflux.roles.exchange_control import ExchangeControl, Kept
from ledgerflux.roles.exchange_sockets import Counters, ExchangeSockets
from ledgerflux.roles.patience import Patience
from ledgerflux.roles.runtime import RateMeter, Vitals, write_feed
from ledgerflux.telemetry.measures import Sample
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.subjects import exchange_subject

AtEnd = Literal["hold", "exit", "loop"]

REQUEST_BYTES_MAX = 64 * 1024
KEEP_HOUSE_S = 1.0
KEEP_EVERY_NS = 5_000_000_000


class Ledger(Counters, Kept, Protocol):
    """What survives the process: counters, what was ordered, and the state of the source."""

    run: str
    """Names this run of this source; another source is another run."""
    port: int

    def control(self, speed: float | None) -> tuple[bool, float | None]:
        """Return whether the market was paused last, and its speed where `speed` is asked for."""
        ...

    @property
    def sent(self) -> int:
        """Return how many frames were sent in this run."""
        ...

    def keep(self, kept: bytes) -> None:
        """Keep the state of the source in place of the one before."""
        ...

    def kept(self) -> bytes | None:
        """Return what was kept last in this run, None where nothing was."""
        ...


class Started(msgspec.Struct, frozen=True):
    """The answer to `start`: what the market does now, and whether it was paused."""

    source: str
    state: str
    was_paused: bool


class Exchange:
    """Serves `plan` on ws://`host`:`port`/ and writes the feed conf that leads there.

    `speed` is market seconds a second, None as fast as the sockets take it. `at_end` says what
    happens after the last frame: `hold` keeps the sockets, `exit` returns from `run`, `loop`
    begins again. A run that was started once is not held by `paused` again. `port` 0 takes
    the one of the last time, or a free one.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        listener: Listener,
        plan: MarketPlan,
        ledger: Ledger,
        *,
        speed: float | None = 1.0,
        paused: bool = False,
        at_end: AtEnd = "hold",
        host: str = "127.0.0.1",
        port: int = 0,
        advertise: str | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._listener = listener
        self._plan = plan
        self._ledger = ledger
        self._paused = paused and not ledger.started
        held, self._speed = ledger.control(speed)
        self._paused |= held
        self._at_end = at_end
        self._host = host
        self._port = port
        self._advertise = advertise
        self._meter = RateMeter(clock)
        self._patience = Patience(clock)
        self._market: Market | None = None
        self._sockets: ExchangeSockets | None = None
        self._control: ExchangeControl | None = None
        self._announced = False
        self._saved: tuple[int, bytes] | None = None
        self._saved_ns = 0

    async def run(self) -> None:
        """Serve until cancelled, or until the end with `at_end` exit.

        Raises:
            Conflict: The port asked for is taken (`port_in_use`).
            FeedError: The recording can't be read (`bad_recording`).
        """
        source = await self._resume()
        now_ns = self._clock.monotonic_ns()
        self._market = market = Market(
            self._plan.hearing,
            source,
            speed=self._speed,
            paused=self._paused,
            wall_offset_ns=self._clock.now_ns() - now_ns,
        )
        self._ledger.started = self._ledger.started or not self._paused
        self._sockets = sockets = ExchangeSockets(market, self._clock, self._ledger)
        try:
            await self._serve(sockets, source, market)
        finally:
            self._keep(source)

    def measures(self) -> Iterable[Sample]:
        """Return nothing: the health record has it all."""
        return ()

    def vitals(self) -> Vitals:
        """Return what the health record says."""
        market = self._market
        if market is None or not self._announced:
            reason = self._patience.trouble or "finding its place in the market"
            return Vitals("starting", reason, run=self._ledger.run)
        now = market.statistics(self._clock.monotonic_ns())
        reasons = {
            "paused": "paused: lf replay start",
            "waiting": "waiting for subscribers",
            "seeking": "on its way to another place of the recording",
            "ended": "the market has ended",
        }
        return Vitals(
            state="ready",
            reason=reasons.get(now.state, ""),
            run=self._ledger.run,
            rate=self._meter.rate(self._ledger.sent),
            lag_records=now.frames_waiting,
            lag_ms=now.late_ns / 1e6,
            counts={
                "sent": self._ledger.sent,
                "sent_open": self._sockets.sent_open if self._sockets else 0,
                "position": market.position,
                "sockets": now.sockets,
                "paused": int(market.paused and now.state != "ended"),
                "ended": int(now.state == "ended"),
                "seeks": self._control.seeks_total if self._control else 0,
            },
            replay=self._control.health() if self._control else None,
        )

    async def _resume(self) -> Source:
        """Return the source where the last process of this run was with it."""
        target = self._ledger.position
        wall_ns = self._clock.now_ns()
        source = self._plan.open(self._ledger.kept(), wall_ns, loop=self._at_end == "loop")
        left = target - source.position
        while left > 0:
            left = source.skip(left)
            await asyncio.sleep(0)
        return source

    async def _serve(self, sockets: ExchangeSockets, source: Source, market: Market) -> None:
        port = self._port or self._ledger.port
        taken = False
        try:
            await self._listen(sockets, source, market, port)
        except* Conflict:
            if self._port or not port:
                raise
            taken = True
        if taken:
            await self._listen(sockets, source, market, 0)

    async def _listen(
        self, sockets: ExchangeSockets, source: Source, market: Market, port: int
    ) -> None:
        async def start(_: bytes) -> bytes:
            was_paused = market.state == "paused"
            market.resume()
            self._ledger.started = True
            self._ledger.keep_control(paused=False, speed=market.speed)
            sockets.wake()
            return msgspec.json.encode(Started(self._plan.name, market.state, was_paused))

        listening = self._listener.serve(
            self._host,
            port,
            {},
            sockets.accept,
            websocket_paths=("/",),
            message_bytes_max=REQUEST_BYTES_MAX,
        )
        control = ExchangeControl(
            self._plan.name,
            market,
            source,
            sockets,
            self._ledger,
            self._clock,
            loop=self._at_end == "loop",
            announce=self._announce,
        )
        async with (
            listening as self._ledger.port,
            self._bus.answer(exchange_subject("start"), start),
            self._bus.answer(exchange_subject("order"), control.hear),
        ):
            await self._announce()
            self._control = control
            self._announced = True
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(self._keep_house(sockets, source)),
                    group.create_task(control.run()),
                ]
                await sockets.drive(to_the_end=self._at_end == "exit")
                for task in beside:
                    task.cancel()

    async def _announce(self) -> None:
        """Write the feed conf, however long that takes."""
        conf = self._conf(self._ledger.port)
        await self._patience.insist(lambda: write_feed(self._bus, conf))

    def _conf(self, port: int) -> FeedConf:
        return FeedConf(
            venue=self._plan.hearing.name,
            url=self._advertise or f"ws://{self._host}:{port}/",
            source=self._plan.name,
            run=self._ledger.run,
            products=list(self._plan.products),
            channels=list(self._plan.channels),
        )

    async def _keep_house(self, sockets: ExchangeSockets, source: Source) -> None:
        while True:
            await self._clock.sleep(KEEP_HOUSE_S)
            sockets.evict_slow()
            if self._clock.monotonic_ns() - self._saved_ns >= KEEP_EVERY_NS:
                self._keep(source)

    def _keep(self, source: Source) -> None:
        """Keep the source's state once nothing before it can be lost any more."""
        if self._saved is None:
            saved = source.save()
            self._saved = None if saved is None else (source.position, saved)
        if self._saved is not None and self._ledger.position >= self._saved[0]:
            self._ledger.keep(self._saved[1])
            self._saved = None
            self._saved_ns = self._clock.monotonic_ns()
