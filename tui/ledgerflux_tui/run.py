"""Starts the dashboard on this terminal and gives the terminal back."""

import asyncio
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ledgerflux_tui.options import Options
from ledgerflux_tui.sources.base import Source
from ledgerflux_tui.sources.late import LateSource

if TYPE_CHECKING:
    from ledgerflux_tui.app import Dashboard

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
END_MAX_S = 2.0
"""How long an orderly end may take after one of them."""


def steady_clock() -> Callable[[], int]:
    """Return a clock of UTC nanoseconds that never goes back."""
    begun_ns = time.time_ns() - time.monotonic_ns()
    return lambda: begun_ns + time.monotonic_ns()


def run(addresses: Sequence[str], products: Sequence[str] | None, options: Options) -> int:
    """Show the stack behind `addresses` until its user leaves; return the exit code.

    Raises:
        Exception: What went wrong in it, after the terminal is as it was.
    """
    # What is loaded now stays: looking through it for cycles would be a fifth of the start.
    gc.disable()
    from ledgerflux_tui.app import Dashboard

    now_ns = steady_clock()

    def make() -> Source:
        gc.freeze()
        gc.enable()
        from ledgerflux_tui.sources.gateway import GatewaySource

        return GatewaySource(addresses, now_ns=now_ns, random=random.random, products=products)

    source = LateSource(make)
    dashboard = Dashboard(source, options, now_ns)
    ended = asyncio.run(_run(dashboard))
    if dashboard.crash is not None:
        raise dashboard.crash
    return 0 if ended is None else 128 + ended


async def _run(dashboard: "Dashboard") -> int | None:
    """Run it; return the signal that ended it, None where its user left."""
    ended: list[int] = []
    loop = asyncio.get_running_loop()

    def end(number: int, _frame: object) -> None:
        ended.append(number)
        # A terminal that is gone takes no more output, and whoever writes to it waits for ever.
        last = threading.Timer(END_MAX_S, os._exit, [128 + number])
        last.daemon = True
        last.start()
        loop.call_soon_threadsafe(dashboard.exit)

    before = [(number, signal.signal(number, end)) for number in ENDINGS]
    try:
        await dashboard.run_async(mouse=dashboard.options.mouse)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    return ended[0] if ended else None
