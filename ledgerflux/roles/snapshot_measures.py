"""What the snapshot role measures, made of what it counts when somebody asks."""

from collections.abc import Iterator

from ledgerflux.core.timings import Timings
from ledgerflux.core.traded import Traded
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.telemetry.measures import Sample


def measures_of(
    *, store_up: bool, stored_ns: int, timings: Timings, traded: Traded
) -> Iterator[Sample]:
    """Yield all that is measured beside the health record; `stored_ns` is 0 before any write."""
    yield Sample("dependency_up", store_up, ("postgres",))
    yield Sample("snapshot_write_latency_seconds", timings)
    if stored_ns:
        yield Sample("snapshot_last_success_timestamp_seconds", stored_ns / NANOS_PER_S)
    for product, trades in sorted(traded.trades.items()):
        yield Sample("market_trades_total", trades, (product,))
    for (product, side), volume in sorted(traded.volumes.items()):
        yield Sample("market_trade_volume_total", float(volume), (product, side))
