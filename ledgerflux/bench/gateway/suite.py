"""`lf bench gateway`: all rows, one after the other; what fails is named."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import Arena, Plan
from ledgerflux.bench.gateway.chaos import chaos
from ledgerflux.bench.gateway.chaos_figures import CHAOS_KEYS
from ledgerflux.bench.gateway.contest import contest
from ledgerflux.bench.gateway.crowds import IDLE_KEYS, crowd, idle
from ledgerflux.bench.gateway.deflated import DEFLATE_KEYS, deflated
from ledgerflux.bench.gateway.stalling import STALL_KEYS, stalled
from ledgerflux.bench.gateway.storm import storm
from ledgerflux.bench.gateway.storm_figures import STORM_KEYS
from ledgerflux.bench.lab import reason_of
from ledgerflux.errors import LedgerFluxError

Figures = Callable[[Arena], Iterator[Measured]]
ROWS: tuple[tuple[Sequence[str], Figures], ...] = (
    (DEFLATE_KEYS, deflated),
    (("gateway_idle", *IDLE_KEYS.values()), idle),
    (STALL_KEYS, stalled),
    (STORM_KEYS, storm),
    (CHAOS_KEYS, chaos),
    (("gateway_crowd",), crowd),
)


def measure(plan: Plan, tell: Callable[[str], None], *, peers: bool) -> list[Measured]:
    """Return the figures; `peers` are installed first, where they can be."""
    with tempfile.TemporaryDirectory(prefix="lf-bench-") as folder:
        if peers:
            tell("installing what to measure against, once")
        arena = Arena(plan, Path(folder), install=peers)
        found = contest(arena, tell)
        for keys, figures in ROWS:
            tell(f"measuring {', '.join(keys)}")
            found += _guarded(keys, figures, arena)
    return found


def _guarded(keys: Sequence[str], figures: Figures, arena: Arena) -> Iterator[Measured]:
    seen = set()
    try:
        for item in figures(arena):
            seen.add(item.key)
            yield item
    except (LedgerFluxError, OSError) as error:
        why = reason_of(error) if isinstance(error, LedgerFluxError) else f"not measured: {error}"
        for key in keys:
            if key not in seen:
                yield Measured(key, None, "", why)
