"""The streams and buckets a data set is made of."""

from typing import Any

from ledgerflux.adapters.embedded.nats_server import MAX_PAYLOAD_BYTES
from ledgerflux.adapters.nats_bus import ApiRefused, NatsBus
from ledgerflux.core.sharding import PARTITIONS
from ledgerflux.errors import ConfigError
from ledgerflux.wire.health import CONF_BUCKET, HEALTH_BUCKET
from ledgerflux.wire.subjects import DLQ, NORM, RAW, SNAP

MIB = 1024 * 1024
GIB = 1024 * MIB
_EXISTS = {10058}
_PARTITIONS_KEY = "partitions"


def _stream(name: str, subjects: str, max_bytes: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "subjects": [subjects],
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "max_bytes": max_bytes,
        "num_replicas": 1,
        "allow_direct": True,
        **more,
    }


def _bucket(name: str, **more: Any) -> dict[str, Any]:
    return _stream(
        f"KV_{name}",
        f"$KV.{name}.>",
        16 * MIB,
        max_msgs_per_subject=1,
        allow_rollup_hdrs=True,
        **more,
    )


STREAMS: tuple[dict[str, Any], ...] = (
    _stream(RAW, "md.raw.>", 2 * GIB, deny_delete=True),
    _stream(
        NORM,
        "md.norm.>",
        2 * GIB,
        deny_delete=True,
        republish={"src": "md.norm.>", "dest": "md.live.>"},
    ),
    _stream(SNAP, "md.snap.>", 256 * MIB, max_msgs_per_subject=3),
    _stream(DLQ, "md.dlq.>", 512 * MIB, max_age=7 * 86_400 * 1_000_000_000),
    _bucket(CONF_BUCKET),
    _bucket(HEALTH_BUCKET, storage="memory", max_age=10_000_000_000),
)


async def prepare(bus: NatsBus) -> None:
    """Create what is missing, and check that the data set has our number of partitions.

    Raises:
        ConfigError: The data set was made with another number of partitions, or the server
            takes no message as large as a venue's frame may be.
        BusError: The server refused or does not answer.
    """
    if bus.payload_bytes_max < MAX_PAYLOAD_BYTES:
        raise ConfigError(
            f"this NATS takes messages of {bus.payload_bytes_max:,} bytes, a venue's frame may be "
            f"larger: its configuration needs `max_payload: {MAX_PAYLOAD_BYTES}`"
        )
    for config in STREAMS:
        try:
            await bus.api(f"STREAM.CREATE.{config['name']}", config)
        except ApiRefused as error:
            if error.number not in _EXISTS:
                raise
            await bus.api(f"STREAM.UPDATE.{config['name']}", config)
    held = await bus.get(CONF_BUCKET, _PARTITIONS_KEY)
    if held is None:
        await bus.put(CONF_BUCKET, _PARTITIONS_KEY, str(PARTITIONS).encode())
    elif int(held) != PARTITIONS:
        raise ConfigError(
            f"this data set has {int(held)} partitions, this version works with {PARTITIONS}"
        )
