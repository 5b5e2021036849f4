"""Control of a running exchange: orders over the bus, and how far its market is.

A seek begins another run of the source, for what comes is no continuation of what was: clients
are told so (`epoch`), trades are told again, and candles begin anew. The market stands while the
source travels; the feed conf names the new run before anybody is let in again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from ledgerflux.core.held_speed import HeldSpeed
from ledgerflux.core.market import Market
from ledgerflux.core.market_source import Place, Source
from ledgerflux.core.seek_target import target_ns
from ledgerflux.ports import Clock
from ledgerflux.roles.exchange_sockets import ExchangeSockets
from ledgerflux.telemetry.log import Events
from ledgerflux.wire.replay import (
    ALWAYS,
    RecordingHealth,
    Refused,
    ReplayAnswer,
    ReplayHealth,
    ReplayOrder,
    decode_order,
    told,
)

log = Events(__name__)


class Kept(Protocol):
    """What a restart must know of what was ordered."""

    started: bool

    def renew(self) -> None:
        """Begin another run of the same source."""
        ...

    def keep_control(self, *, paused: bool, speed: float | None) -> None:
        """Remember that the market is paused, and its speed."""
        ...


class ExchangeControl:
    """Carries out orders on `market`; `announce` tells everybody of the run that began."""

    def __init__(
        self,
        name: str,
        market: Market,
        source: Source,
        sockets: ExchangeSockets,
        kept: Kept,
        clock: Clock,
        *,
        loop: bool,
        announce: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._market = market
        self._source = source
        self._sockets = sockets
        self._kept = kept
        self._clock = clock
        self._loop = loop
        self._announce = announce
        self._target_ns: int | None = None
        self._asked = asyncio.Event()
        self._recording = _recording(source)
        self._held = self._new_held()
        self.seeks_total = 0

    async def hear(self, payload: bytes) -> bytes:
        """Carry out an order; return the answer."""
        try:
            refused = self._obey(decode_order(payload))
        except msgspec.DecodeError as error:
            refused = Refused("bad_argument", str(error)[:200])
        if refused is not None:
            return msgspec.json.encode(ReplayAnswer(error=refused))
        self._kept.keep_control(paused=self._market.paused, speed=self._market.speed)
        self._sockets.wake()
        return msgspec.json.encode(ReplayAnswer(replay=self.health()))

    async def run(self) -> None:
        """Travel where seeks lead, until cancelled."""
        while True:
            await self._asked.wait()
            await self._travel()
            self._kept.renew()
            await self._announce()
            if self._asked.is_set():
                continue
            self._market.arrive(self._clock.monotonic_ns())
            self._target_ns = None
            self.seeks_total += 1
            self._held = self._new_held()
            place = self._market.place(self._clock.monotonic_ns())
            log.info("market.moved", position=place.items, offset_ns=place.offset_ns)
            self._sockets.release()

    def health(self) -> ReplayHealth:
        """Return how far the market is."""
        now_ns = self._clock.monotonic_ns()
        market, place = self._market, self._market.place(now_ns)
        if self._target_ns is not None:
            away_ns = self._target_ns - place.offset_ns
            place = Place(place.items, self._target_ns, place.time_ns + away_ns)
        self._held.measure(market.offset_ns(now_ns), now_ns)
        return ReplayHealth(
            source=self._name,
            state=market.state,
            paused=market.paused,
            speed=market.speed,
            held=self._held.value if market.state == "running" else None,
            loop=self._loop and self._recording is not None,
            frames=place.items,
            offset_ns=place.offset_ns,
            time_ns=place.time_ns,
            can=ALWAYS if self._recording is None else (*ALWAYS, "seek"),
            recording=self._recording,
        )

    def _obey(self, order: ReplayOrder) -> Refused | None:
        market, now_ns = self._market, self._clock.monotonic_ns()
        match order.action:
            case "pause":
                market.pause(now_ns)
            case "resume":
                market.resume()
                self._kept.started = True
            case "speed":
                if order.speed is None:
                    return Refused("bad_argument", "speed: which?")
                market.pace(None if order.speed == "max" else order.speed, now_ns)
            case "step":
                market.pause(now_ns)
                market.step(order.count)
            case "seek":
                return self._seek(order, now_ns)
            case "status":
                pass
        return None

    def _seek(self, order: ReplayOrder, now_ns: int) -> Refused | None:
        extent, seek = self._source.extent, order.seek
        if extent is None:
            text = f"{self._name} has no past and no end: only a recording can be moved"
            return Refused("cannot_seek", text)
        if seek is None:
            return Refused("bad_argument", "seek: one of to_ms, at_ms and by_ms")
        here_ns = self._target_ns
        if here_ns is None:
            here_ns = self._market.place(now_ns).offset_ns
        target = target_ns(extent, here_ns, seek)
        if target is None:
            return Refused("cannot_seek", "this recording has no times: say how far, or from where")
        self._target_ns = target
        self._market.leave(now_ns)
        self._asked.set()
        return None

    async def _travel(self) -> None:
        while self._asked.is_set():
            self._asked.clear()
            target_ns = self._target_ns
            assert target_ns is not None
            there = self._source.travel(target_ns)
            while not there and not self._asked.is_set():
                await asyncio.sleep(0)  # sockets and orders have their turn between the slices
                there = self._source.travel(target_ns)

    def _new_held(self) -> HeldSpeed:
        now_ns = self._clock.monotonic_ns()
        return HeldSpeed(self._market.offset_ns(now_ns), now_ns)


def _recording(source: Source) -> RecordingHealth | None:
    extent = source.extent
    if extent is None:
        return None
    profile = extent.profile
    return RecordingHealth(
        frames=extent.items,
        span_ns=extent.span_ns,
        begin_ns=extent.begin_ns,
        rate_width_ns=profile.width_ns,
        rates=profile.frames,
        marks=told(profile),
        marks_total=profile.marks_total,
    )
