"""What the streams and buckets of a server hold; asks, changes nothing."""

from typing import Any, NamedTuple

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.model.units import parse_time_ns

BUCKET_PREFIX = "KV_"
STREAMS_MAX = 4096


class StreamHolding(NamedTuple):
    """One stream or bucket: what it holds and what it may hold.

    Times are when the first and the last message were stored, nanoseconds UTC, None while it
    is empty. Limits are None where there is none.
    """

    name: str
    is_bucket: bool
    subjects: tuple[str, ...]
    storage: str
    messages: int
    size_bytes: int
    first_sequence: int
    last_sequence: int
    first_ns: int | None
    last_ns: int | None
    consumers: int
    bytes_max: int | None
    age_max_ns: int | None
    per_subject_max: int | None
    replicas: int


async def holdings(bus: NatsBus) -> list[StreamHolding]:
    """Return every stream and bucket of the server.

    Raises:
        BusError: It does not answer.
    """
    found: list[StreamHolding] = []
    while len(found) < STREAMS_MAX:
        page = await bus.api("STREAM.LIST", {"offset": len(found)})
        streams = page.get("streams") or []
        found += [_holding(stream) for stream in streams]
        if not streams or len(found) >= page.get("total", 0):
            break
    return found


def _holding(stream: dict[str, Any]) -> StreamHolding:
    config, state = stream["config"], stream["state"]
    name = str(config["name"])
    held = state["messages"] > 0
    return StreamHolding(
        name=name.removeprefix(BUCKET_PREFIX),
        is_bucket=name.startswith(BUCKET_PREFIX),
        subjects=tuple(config.get("subjects") or ()),
        storage=config["storage"],
        messages=state["messages"],
        size_bytes=state["bytes"],
        first_sequence=state["first_seq"],
        last_sequence=state["last_seq"],
        first_ns=parse_time_ns(state["first_ts"]) if held else None,
        last_ns=parse_time_ns(state["last_ts"]) if held else None,
        consumers=state["consumer_count"],
        bytes_max=_limit(config.get("max_bytes")),
        age_max_ns=_limit(config.get("max_age")),
        per_subject_max=_limit(config.get("max_msgs_per_subject")),
        replicas=config.get("num_replicas", 1),
    )


def _limit(value: int | None) -> int | None:
    return value if value is not None and value > 0 else None
