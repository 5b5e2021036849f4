"""What one gateway and one of its clients may use; said to clients in `welcome`."""

from typing import NamedTuple

from ledgerflux.core.outbox import DRAINED_BYTES, MARK_BYTES


class Limits(NamedTuple):
    """Bounds of the protocol; times in their unit, sizes in bytes."""

    message_bytes_max: int = 16 * 1024
    requests_per_s: int = 10
    requests_burst: int = 20
    refusals_max: int = 20
    faults_max: int = 10
    connections_per_address: int = 50
    connects_per_s: int = 5
    connects_burst: int = 20
    address_requests_per_s: int = 50
    address_requests_burst: int = 200
    subscriptions_max: int = 200
    patterns_max: int = 32
    snapshots_per_min: int = 20
    snapshot_every_s: int = 1
    clients_max: int = 1024
    first_subscribe_s: int = 10
    slow_after_s: int = 10
    outbox_bytes: int = MARK_BYTES
    outbox_drained_bytes: int = DRAINED_BYTES
    waiting_bytes_max: int = 1024 * 1024
    ping_interval_s: int = 20
    ping_timeout_s: int = 20
    lifetime_s: int = 24 * 3600
    reconnect_spread_ms: int = 5_000
