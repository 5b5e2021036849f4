"""What roles tell beside their health record, as metrics: the table of names, and one value.

A name here is `ledgerflux_<name>` in `/metrics`. Values are made when somebody asks, out of
what the roles count anyway.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ledgerflux.core.timings import Timings

Kind = Literal["gauge", "counter", "histogram"]


class Measure(NamedTuple):
    """One metric: what it is, what it says, and its labels."""

    kind: Kind
    text: str
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    """One value of a metric; `values` are those of its labels, in their order."""

    name: str
    value: float | Timings
    values: tuple[str, ...] = ()


_BOOK = ("shard", "product")

COMMON: dict[str, Measure] = {
    "dependency_up": Measure("gauge", "1 while what the role depends on answers.", ("dependency",)),
    "nats_reconnects_total": Measure("counter", "Times the connection to NATS was made again."),
    "event_loop_lag_seconds": Measure(
        "histogram", "How late the loop came back to what was due, looked at once a second."
    ),
}
"""What every role tells."""

NATS: dict[str, Measure] = {
    "nats_monitor_up": Measure("gauge", "1 while the server's monitoring port answers."),
    "nats_connections": Measure("gauge", "Clients of the server."),
    "nats_memory_bytes": Measure("gauge", "Resident memory of the server."),
    "nats_slow_consumers_total": Measure("counter", "Clients the server cut off as too slow."),
    "jetstream_sync_always": Measure(
        "gauge", "1 where every record is on disk before it is acknowledged."
    ),
    "jetstream_storage_used_ratio": Measure("gauge", "Share of the log's disk space in use."),
    "jetstream_stream_messages": Measure("gauge", "Records in a stream.", ("stream",)),
    "jetstream_stream_bytes": Measure("gauge", "Bytes in a stream.", ("stream",)),
    "jetstream_stream_limit_bytes": Measure(
        "gauge", "Bytes a stream may hold; absent where there is no limit.", ("stream",)
    ),
    "jetstream_stream_first_sequence": Measure(
        "gauge", "Sequence of a stream's oldest record.", ("stream",)
    ),
    "jetstream_stream_last_sequence": Measure(
        "gauge", "Sequence of a stream's newest record.", ("stream",)
    ),
}
"""What snapshot tells of the server where `nats_monitor_url` is set."""

MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "exchange": COMMON,
    "ingest": COMMON
    | {
        "ingest_publish_latency_seconds": Measure(
            "histogram", "From the receipt of a frame until RAW has it."
        ),
        "ingest_feed_connected": Measure(
            "gauge", "1 while the partition's socket is open.", ("partition",)
        ),
        "ingest_last_message_timestamp_seconds": Measure(
            "gauge", "When the partition's socket brought something last.", ("partition",)
        ),
    },
    "normalize": COMMON
    | {
        "normalize_latency_seconds": Measure(
            "histogram", "From the receipt of a frame until NORM has its events.", ("shard",)
        ),
        "normalize_shards_configured": Measure("gauge", "Normalizers that share the products."),
        "normalize_shard_owned": Measure("gauge", "1 for the shard that works here.", ("shard",)),
        "normalize_shard_products": Measure("gauge", "Products of the shard.", ("shard",)),
        "normalize_validated_total": Measure(
            "counter", "Frames read and in order, since the process began.", ("shard",)
        ),
        "normalize_rejected_total": Measure(
            "counter", "Frames or messages that could not be used.", ("shard", "reason")
        ),
        "normalize_missing_total": Measure(
            "counter", "Frames known to be missing: they never came, or were lost.", ("shard",)
        ),
        "normalize_book_state": Measure(
            "gauge", "1 for the state the book is in.", (*_BOOK, "state")
        ),
        "normalize_book_levels": Measure("gauge", "Levels of a side.", (*_BOOK, "side")),
        "normalize_book_spread_ratio": Measure(
            "gauge", "Best ask less best bid, as a share of the middle.", _BOOK
        ),
        "normalize_book_crossed": Measure("gauge", "1 while bid and ask overlap.", _BOOK),
        "normalize_book_last_update_timestamp_seconds": Measure(
            "gauge", "When the last frame that the book took was received.", _BOOK
        ),
        "normalize_last_sequence": Measure("gauge", "Seq of the newest level2 event.", _BOOK),
        "market_price": Measure(
            "gauge", "Best bid, best ask, price of the last trade.", ("product", "side")
        ),
    },
    "snapshot": COMMON
    | {
        "snapshot_write_latency_seconds": Measure(
            "histogram", "From the publishing of an event until it is stored."
        ),
        "snapshot_last_success_timestamp_seconds": Measure(
            "gauge", "When something was stored last."
        ),
        "market_trades_total": Measure("counter", "Trades, each once.", ("product",)),
        "market_trade_volume_total": Measure(
            "counter", "Volume traded, by the side that took.", ("product", "side")
        ),
    }
    | NATS,
    "gateway": COMMON
    | {
        "gateway_delivery_latency_seconds": Measure(
            "histogram", "From the receipt of a frame until its events are queued for clients."
        ),
        "gateway_queue_latency_seconds": Measure(
            "histogram", "From the publishing of an event until it is queued for clients."
        ),
    },
}
"""What each role tells."""
