"""What a NATS server says of itself on its monitoring port, as far as it matters here.

Source: NATS monitoring endpoints, `/varz` and `/jsz?streams=true&config=true`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ledgerflux.errors import BusError


class StreamNumbers(NamedTuple):
    """One stream or bucket; `bytes_max` is None where there is no limit."""

    name: str
    messages: int
    size_bytes: int
    bytes_max: int | None
    first_sequence: int
    last_sequence: int


class NatsState(NamedTuple):
    """One server.

    `sync_always`: records are on disk before they are acknowledged. `storage_bytes` of
    `storage_bytes_max` (0: not told) are in use.
    """

    connections: int
    memory_bytes: int
    slow_consumers_total: int
    sync_always: bool
    storage_bytes: int
    storage_bytes_max: int
    streams: tuple[StreamNumbers, ...]

    @property
    def durability(self) -> str:
        """Return what acknowledged data survives: `disk` a power cut, `process` a death."""
        return "disk" if self.sync_always else "process"


def read_state(varz: Mapping[str, Any], jsz: Mapping[str, Any]) -> NatsState:
    """Return what the two documents say.

    Raises:
        BusError: They are none of a server with JetStream.
    """
    try:
        config = varz["jetstream"]["config"]
        return NatsState(
            connections=int(varz["connections"]),
            memory_bytes=int(varz["mem"]),
            slow_consumers_total=int(varz["slow_consumers"]),
            sync_always=bool(config.get("sync_always", False)),
            storage_bytes=int(jsz["storage"]),
            storage_bytes_max=int(config["max_storage"]),
            streams=tuple(
                _stream(stream)
                for account in jsz.get("account_details") or ()
                for stream in account.get("stream_detail") or ()
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BusError(f"not a NATS server with JetStream: {error!r}") from error


def _stream(document: Mapping[str, Any]) -> StreamNumbers:
    state = document["state"]
    limit = int(document.get("config", {}).get("max_bytes", -1))
    return StreamNumbers(
        str(document["name"]),
        int(state["messages"]),
        int(state["bytes"]),
        limit if limit > 0 else None,
        int(state["first_seq"]),
        int(state["last_seq"]),
    )
