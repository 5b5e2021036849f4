"""The document that says how a whole stack is, `lf.status/1`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """Base of all parts of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceStatus(Document):
    """One process; `cpu` is a share of one core, `since` when its state began."""

    name: str
    pid: int | None
    state: str
    cpu: float
    rss_bytes: int
    restarts: int
    since: str


class ShardStatus(Document):
    """One normalizer; `rate` is frames a second, lag in RAW records and milliseconds."""

    shard: int
    partitions: list[int]
    products: list[str]
    state: str
    rate: float
    lag_records: int
    lag_ms: float
    p50_ms: float | None
    p99_ms: float | None


class Counts(Document):
    """Frames sent by the exchange, found in RAW or known to be lost; events made; refused."""

    exchange_sent: int
    raw_frames: int
    raw_gap_frames: int
    norm_events: int
    dlq: int


class ReplayStatus(Document):
    """Whether the source has ended or waits, and whether all of it is with every role."""

    ended: bool
    paused: bool
    through: bool


class HeadStatus(Document):
    """Where a product stands in this gateway."""

    epoch: str
    level2: int
    trades: int
    state: str
    integrity: str


class GatewayStatus(Document):
    """One of the gateways; `http` is its address, `clients` are its own."""

    name: str
    state: str
    http: str
    clients: int


class Status(Document):
    """The document; `schema` is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: Annotated[Literal["lf.status/1"], Field(alias="schema")] = "lf.status/1"
    state: Literal["healthy", "degraded", "down"]
    source: str
    durability: str
    services: list[ServiceStatus]
    shards: list[ShardStatus]
    counts: Counts
    gaps: int
    disk_bytes: int
    clients: int
    gateways: list[GatewayStatus]
    heads: dict[str, HeadStatus]
    replay: ReplayStatus
    problems: list[str]

    def to_json(self) -> bytes:
        """Return the document as JSON."""
        return self.model_dump_json(by_alias=True).encode()
