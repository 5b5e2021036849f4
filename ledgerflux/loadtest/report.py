"""The report of a load test, `lf.loadtest/1`: a public document, described and checked."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledgerflux.loadtest.measurement import Histogram
from ledgerflux.loadtest.verdict import Judged

Basis = Literal["planned", "receive"]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """Base of all parts; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(Part):
    """What the test was asked to do; `products` are those of each client, empty for all."""

    clients: int
    processes: int
    duration_s: float
    ramp_s: float
    channels: list[str]
    products: list[str]
    products_each: int | None
    slow: int
    greedy: int
    churn_per_s: float
    compress: bool
    seed: int


class Rate(Part):
    """Frames a second of the source: as it was told, and as it was; None where unknown."""

    asked: float | None
    held: float | None


class Clients(Part):
    """Connections: `disconnects` by close code are those nobody asked for, `errors` by code."""

    connected: Count
    subscribed: Count
    connect_failures: Count
    reconnects: Count
    disconnects: dict[str, Count]
    slow_disconnects: Count
    errors: dict[str, Count]
    throttled: Count


class Delivered(Part):
    """What the clients got in the measured time; messages, bytes, snapshots: in all."""

    updates: Count
    updates_per_s: float
    updates_slow: Count
    messages: Count
    snapshots: Count
    received_bytes: Count


class Latency(Part):
    """Milliseconds, HDR with three digits."""

    count: Count
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float


class SlowestClient(Part):
    """The client with the highest p99, in milliseconds with two digits."""

    number: int
    p50: float
    p95: float
    p99: float
    max: float


class Bar(Part):
    """The share of all latencies above the limit before and up to this one; None: the rest."""

    upto_ms: float | None
    share: float


class Latencies(Part):
    """From `basis` to the client: `planned` publish time, or `receive` time of ingest.

    Skipped updates count with the ages a client saw instead. `slow` are the clients that were
    told to read slowly; they are not in `all`.
    """

    basis: Basis
    all: Latency | None
    slow: Latency | None
    first_snapshot: Latency | None
    slowest_client: SlowestClient | None
    bars: list[Bar]
    negative: Count
    untimed: Count


class Missing(Part):
    """Sequence numbers of one stream that clients did not get; `cause` `unannounced`: a breach."""

    product: str
    channel: str
    cause: str
    count: Count


class Integrity(Part):
    """Every client checks every message: `gaps` are numbers missing at full-speed clients.

    `violations` are breaches of the rule, `why` the first of them. `skipped` is what slow
    clients were told they missed, and what passed while a churning client was away.
    """

    gaps: Count
    missing: list[Missing]
    skipped: list[Missing]
    violations: Count
    duplicates: Count
    out_of_order: Count
    epochs: Count
    books: Count
    books_live: Count
    why: str


class GeneratorPart(Part):
    """The workers themselves: the busiest one's share of a core; `doubts` is why not `valid`."""

    valid: bool
    doubts: list[str]
    lag_p99_ms: float | None
    cpu: float | None
    clock_jump_ms: float


class Role(Part):
    """One process of the stack: shares of a core, most memory, restarts."""

    name: str
    cpu_mean: float
    cpu_max: float
    rss_bytes_max: Count
    restarts: Count


class Threshold(Part):
    """A stated limit and what was measured; milliseconds, seconds, shares, bytes or counts."""

    key: str
    unit: str
    limit: float
    actual: float | None
    ok: bool


class Recovery(Part):
    """A fault that was made, and the seconds until every client had everything again."""

    fault: str
    seconds: float | None


class Report(Part):
    """The document; `schema` is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: Annotated[Literal["lf.loadtest/1"], Field(alias="schema")] = "lf.loadtest/1"
    name: str
    scenario: Literal["basic", "load", "recovery", "performance"] | None
    verdict: Literal["pass", "fail", "invalid", "interrupted"]
    exit_code: int
    started: str
    seconds: float
    gateway: str
    source: str
    own_stack: bool
    asked: Asked
    rate: Rate
    clients: Clients
    delivered: Delivered
    latency_ms: Latencies
    integrity: Integrity
    generator: GeneratorPart
    roles: list[Role]
    thresholds: list[Threshold]
    recovery: list[Recovery]
    problems: list[str]

    def to_json(self) -> str:
        """Return the document as JSON."""
        return self.model_dump_json(by_alias=True)


BARS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)


def latency_of(histogram: Histogram) -> Latency | None:
    """Return the percentiles of `histogram`, None of an empty one."""
    names = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
    found = {name: histogram.percentile_ms(percent) for name, percent in names.items()}
    known = {name: value for name, value in found.items() if value is not None}
    return Latency(count=histogram.total, **known) if known else None


def bars_of(histogram: Histogram) -> list[Bar]:
    """Return the shares between the limits of `BARS_MS`."""
    if not histogram.total:
        return []
    below = histogram.share_below(BARS_MS)
    edges = [*BARS_MS, None]
    shares = [high - low for low, high in zip([0.0, *below], [*below, 1.0], strict=True)]
    return [Bar(upto_ms=edge, share=share) for edge, share in zip(edges, shares, strict=True)]


def missing_of(counts: Mapping[str, int]) -> list[Missing]:
    """Return what stands under "product channel cause", most first."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [(name.split(" "), count) for name, count in rows]
    return [
        Missing(product=product, channel=channel, cause=cause, count=count)
        for (product, channel, cause), count in words
    ]


def thresholds_of(judged: Sequence[Judged]) -> list[Threshold]:
    """Return the thresholds as parts of the document."""
    return [
        Threshold(
            key=one.slo.key,
            unit=one.slo.unit,
            limit=one.slo.limit,
            actual=one.actual,
            ok=one.ok,
        )
        for one in judged
    ]
