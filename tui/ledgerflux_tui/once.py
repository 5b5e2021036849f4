"""One frame of the dashboard, painted without a terminal: for files, pipes and logs."""

import asyncio
import random
from collections.abc import Sequence
from typing import Literal

from ledgerflux.errors import GatewayError
from ledgerflux_tui.app import Dashboard
from ledgerflux_tui.options import Options
from ledgerflux_tui.run import steady_clock
from ledgerflux_tui.sources.gateway import GatewaySource
from ledgerflux_tui.state.view_state import ViewState

Format = Literal["text", "svg"]
READY_MAX_S = 5.0
"""How long to wait for everything that a frame can show; then it is painted as it is."""
LOOK_EVERY_S = 0.02


def frame(
    addresses: Sequence[str],
    products: Sequence[str] | None,
    options: Options,
    size: tuple[int, int],
    kind: Format,
) -> str:
    """Return one frame of the stack behind `addresses`, of so many columns and lines.

    Raises:
        GatewayError: The gateway told nothing in 5 s.
    """
    now_ns = steady_clock()
    source = GatewaySource(addresses, now_ns=now_ns, random=random.random, products=products)
    dashboard = Dashboard(source, options, now_ns)
    text = asyncio.run(painted(dashboard, size, kind))
    if dashboard.crash is not None:
        raise dashboard.crash
    if text is None:
        why = dashboard.state.connection.why or "no status"
        raise GatewayError(f"the gateway told nothing in {READY_MAX_S:.0f} s: {why}")
    return text


async def painted(dashboard: Dashboard, size: tuple[int, int], kind: Format) -> str | None:
    """Return what `dashboard` shows once it has everything; None where it was told nothing."""
    found: list[str] = []

    async def look(_pilot: object) -> None:
        for _ in range(round(READY_MAX_S / LOOK_EVERY_S)):
            if is_ready(dashboard.state) and dashboard.current_view.current.size.area:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        if dashboard.state.pipeline.sample is not None:
            dashboard.tick()
            dashboard.pull_all()
            found.append(dashboard.as_text() if kind == "text" else dashboard.as_svg())
        dashboard.exit()

    await dashboard.run_async(headless=True, size=size, auto_pilot=look)
    return found[0] if found else None


def is_ready(state: ViewState) -> bool:
    """Say whether there is everything a frame can show: rates, which take two statuses, too."""
    sample, book = state.pipeline.sample, state.books.of(state.selected)
    return (
        sample is not None
        and sample.before is not None
        and book is not None
        and book.told_ns is not None
    )
