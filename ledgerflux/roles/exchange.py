"""exchange: a recording or a made market, served in a venue's own dialect.

The market decides everything; this shell gives it sockets, the clock and its control subject,
and keeps what a killed process must find again.
"""

import asyncio
from typing import Literal, Protocol

import msgspec

from ledgerflux.core.market import Market
from ledgerflux.core.market_source import MarketPlan, Source
from ledgerflux.errors import Conflict
from ledgerflux.ports import Bus, Clock, Listener
from ledgerflux.roles.exchange_sockets import Counters, ExchangeSockets
from ledgerflux.roles.patience import Patience
from ledgerflux.roles.runtime import RateMeter, Vitals, write_feed
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.subjects import exchange_subject

AtEnd = Literal["hold", "exit", "loop"]

REQUEST_BYTES_MAX = 64 * 1024
KEEP_HOUSE_S = 1.0
KEEP_EVERY_NS = 5_000_000_000


class Ledger(Counters, Protocol):
    """What survives the process: counters, and the state of the source."""

    run: str
    """Names this run of this source; another source is another run."""
    port: int
    started: bool

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
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._listener = listener
        self._plan = plan
        self._ledger = ledger
        self._speed = speed
        self._paused = paused and not ledger.started
        self._at_end = at_end
        self._host = host
        self._port = port
        self._meter = RateMeter(clock)
        self._patience = Patience(clock)
        self._market: Market | None = None
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
        sockets = ExchangeSockets(market, self._clock, self._ledger)
        try:
            await self._serve(sockets, source)
        finally:
            self._keep(source, market)

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
                "position": market.position,
                "sockets": now.sockets,
                "paused": now.state == "paused",
                "ended": now.state == "ended",
            },
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

    async def _serve(self, sockets: ExchangeSockets, source: Source) -> None:
        try:
            await self._listen(sockets, source, self._port or self._ledger.port)
        except* Conflict as taken:
            if self._port:
                raise
            del taken
        ...
