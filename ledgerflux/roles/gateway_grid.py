"""Ticks of the wall clock at which conflated streams are told."""

from ledgerflux.core.fanout import Fanout
from ledgerflux.core.terms import GRID_MS
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S
from ledgerflux.ports import Clock

TICK_NS = GRID_MS * NANOS_PER_MS
IDLE_TICKS = 5
"""While nobody follows such a stream, it is looked for this seldom."""


async def run_grid(fanout: Fanout, clock: Clock) -> None:
    """Tell conflated streams until cancelled; a tick that came late is told late, once."""
    told = clock.now_ns() // TICK_NS
    while True:
        step_ns = TICK_NS if fanout.on_grid else TICK_NS * IDLE_TICKS
        await clock.sleep((step_ns - clock.now_ns() % step_ns) / NANOS_PER_S)
        tick = clock.now_ns() // TICK_NS
        fanout.tick(told, tick)
        told = tick
