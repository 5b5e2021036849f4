"""The document that says how a whole stack is, `lf.status/1`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledgerflux.core.market_profile import MARKS_MAX


class Document(BaseModel):
    """Base of all parts of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LastExit(Document):
    """How a process ended: an exit code or the name of a signal, when, and its last words."""

    code: int | None
    signal: str | None
    at: str
    detail: str


class ServiceStatus(Document):
    """One process; `cpu` is a share of one core, `since` when its state began.

    `last_exit` is of the process before it, null where none ended or nobody looks.
    """

    name: str
    pid: int | None
    state: str
    cpu: float
    rss_bytes: int
    restarts: int
    since: str
    last_exit: LastExit | None


class ShardStatus(Document):
    """One normalizer; `rate` is frames a second, lag in RAW records and milliseconds.

    `state` is its service's, or `catching_up` while it works on what came in its absence.
    Without a process of its own partitions, products and `seq` (events made since the data
    set began) are those of the last one; what nobody measures is null.
    """

    shard: int
    owner: str
    pid: int | None
    partitions: list[int]
    products: list[str]
    state: str
    reason: str
    since: str
    seq: int | None
    rate: float
    lag_records: int | None
    lag_ms: float | None
    p50_ms: float | None
    p99_ms: float | None
    cpu: float | None
    rss_bytes: int | None
    restarts: int | None
    last_exit: LastExit | None


class LatencyStatus(Document):
    """Percentiles of the last ten seconds, of the slowest process where there are several.

    `histograms` counts everything since each process's start, by its name: element `i` those
    of at most 2**(i/4) / 16 ms and more than the element before; the 82nd has no end.
    """

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    histograms: dict[str, list[int]]


class StageStatus(Document):
    """One step of the way; rates are messages a second, null is what it does not measure.

    `queue` is what waits before it, in `queue_unit`; `errors` counts what it lost or refused.
    """

    stage: str
    in_per_s: float | None
    out_per_s: float | None
    latency: LatencyStatus | None
    queue: int | None
    queue_unit: Literal["frames", "records", "bytes"]
    errors: int | None


class Counts(Document):
    """Frames sent by the exchange, found in RAW or known to be lost; events made; refused."""

    exchange_sent: int
    raw_frames: int
    raw_gap_frames: int
    norm_events: int
    dlq: int


class MarkStatus(Document):
    """A place where a recording breaks, in milliseconds from its beginning."""

    kind: Literal["gap", "close"]
    at_ms: int


class RecordingStatus(Document):
    """The recording that is played: frames, length, when it begins (null: it has no times).

    `rates` counts frames in columns of `rate_width_ms`; `marks_total` also those beyond `marks`.
    """

    frames: int
    span_ms: int
    begin: str | None
    end: str | None
    rate_width_ms: int
    rates: list[int]
    marks: Annotated[list[MarkStatus], Field(max_length=MARKS_MAX)]
    marks_total: int


class ReplayStatus(Document):
    """Whether the source has ended or waits, and whether all of it is with every role.

    The rest is of a stack with an exchange. `can` says what may be asked of it; `speed` was asked
    for, `held` came of it in the last second; `frames` are those before `at_ms` (from the
    beginning), `time` is the market's there.
    """

    ended: bool
    paused: bool
    through: bool
    state: Literal["", "paused", "waiting", "running", "seeking", "ended"]
    can: list[str]
    speed: float | Literal["max"] | None
    held: float | None
    loop: bool
    frames: int | None
    at_ms: int | None
    time: str | None
    recording: RecordingStatus | None


class HeadStatus(Document):
    """Where a product stands in this gateway."""

    epoch: str
    level2: int
    trades: int
    state: str
    integrity: str


class GatewayStatus(Document):
    """One of the gateways; `http` is its address, `clients` are its own.

    `slow_clients` do not take what they are told; `fell_behind` counts the times that a client
    was told a gap for that, `closed_slow` those closed for it.
    """

    name: str
    state: str
    http: str
    clients: int
    subscriptions: int
    slow_clients: int
    fell_behind: int
    closed_slow: int


class Status(Document):
    """The document; `schema` is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: Annotated[Literal["lf.status/1"], Field(alias="schema")] = "lf.status/1"
    state: Literal["healthy", "degraded", "down"]
    source: str
    durability: str
    services: list[ServiceStatus]
    shards: list[ShardStatus]
    stages: list[StageStatus]
    end_to_end: LatencyStatus | None
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
