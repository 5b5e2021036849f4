"""What the log of a running stack holds."""

from ledgerflux.adapters.nats_inventory import StreamHolding, holdings
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.health import CONF_BUCKET, HEALTH_BUCKET
from ledgerflux.wire.subjects import DLQ, NORM, RAW, SNAP

ORDER = (RAW, NORM, SNAP, DLQ, CONF_BUCKET, HEALTH_BUCKET)
"""As data flows; what a later version made comes after these."""


def list_streams(run_dir: RunDir) -> list[StreamHolding]:
    """Return the streams and buckets of the stack in `run_dir`, in the order data flows.

    Raises:
        NotRunning: No stack runs there.
        BusError: Its NATS does not answer.
    """
    found = ask_bus(run_dir, holdings, name="stream")
    return sorted(found, key=_place)


def _place(stream: StreamHolding) -> tuple[int, str]:
    known = stream.name in ORDER
    return (ORDER.index(stream.name) if known else len(ORDER), stream.name)
