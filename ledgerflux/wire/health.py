"""The one source of health: what each role writes to `LF_HEALTH` once a second."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from ledgerflux.wire.replay import ReplayHealth

HEALTH_BUCKET = "LF_HEALTH"
CONF_BUCKET = "LF_CONF"
FEED_KEY = "feed"
RESUME_KEY = "resume_key"
Run = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,200}\Z")]
"""An epoch of every stream: visible ASCII, for it stands between spaces in NORM's index."""


class FeedConf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Key `feed` of `LF_CONF`: where frames come from, so that every role agrees.

    `run` names one run of a source: another run shares nothing with the one before, so
    epochs change with it. `url` is what ingest connects to. `source` is what people see:
    `synthetic:200`, `replay:NAME`, `coinbase-advanced`.
    """

    venue: str
    url: str
    source: str
    run: Run
    products: list[str]
    channels: list[str]


class PartitionHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """One partition as one role sees it; positions are partition numbers.

    ingest: `raw` is the RAW head it wrote. normalize: `raw` is the b of its NORM tail,
    `raw_head` the newest RAW number seen, `norm` the NORM head. snapshot: `norm` is the
    stored position, gateway: `norm` is the last record served. `away`: its past is still being
    read, or its log stopped it, so what it made last says nothing of now.
    """

    partition: int
    products: list[str]
    raw: int = 0
    raw_head: int = 0
    norm: int = 0
    states: dict[str, str] = {}
    away: bool = False


class LatencyHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Percentiles of the last ten seconds, and all counts since the start (`core.histogram`)."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    histogram: list[int] = []


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """One role's record, once a second: `<role>.<instance>` in `LF_HEALTH`.

    `state` is `starting`, `ready`, `degraded` or `draining`; `rate` is messages in a second,
    `out_rate` what was made of them; percentiles and `histogram` are those of `LatencyHealth`,
    from the receipt or the publishing of what came in; `end_to_end` is from the receipt of a
    frame on. What is not measured is None. Times end in their unit.

    `counts` are totals since the start of the data set where the role knows them (normalize:
    `raw_frames`, `raw_gap_frames`, `raw_breaks`, `norm_events`, `gaps`), else since its own
    start (exchange: `sent`, `ended`, `paused`, `sockets`), but for those of the sockets open
    now (normalize `session_frames`, exchange `sent_open`).
    `replay` is of an exchange: how far its market is. `durability` is of a snapshot role that
    looks after the NATS server: what its acknowledged data survives, `process` or `disk`.
    """

    role: str
    instance: str
    pid: int
    state: str
    time_ns: int
    started_ns: int
    reason: str = ""
    run: str = ""
    http: str = ""
    rate: float = 0.0
    lag_records: int = 0
    lag_ms: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    out_rate: float | None = None
    p95_ms: float | None = None
    p999_ms: float | None = None
    histogram: list[int] = []
    end_to_end: LatencyHealth | None = None
    cpu: float = 0.0
    rss_bytes: int = 0
    partitions: list[PartitionHealth] = []
    counts: dict[str, int] = {}
    replay: ReplayHealth | None = None
    durability: str = ""

    @property
    def key(self) -> str:
        """Return the key in `LF_HEALTH`."""
        return f"{self.role}.{self.instance}"


class ExitHealth(msgspec.Struct, frozen=True):
    """How a process ended: its exit code, negative for a signal, when, and its last words."""

    code: int
    time_ns: int
    detail: str = ""


class ServiceHealth(msgspec.Struct, frozen=True):
    """One child process as its supervisor sees it.

    `state` is `starting`, `ready`, `restarting`, `failed` or `stopped`; `cpu` is a share of
    one core; `since_ns` is when the state began; `last_exit` is how its last
    process ended.
    """

    name: str
    pid: int | None
    state: str
    cpu: float
    rss_bytes: int
    restarts: int
    since_ns: int
    detail: str = ""
    last_exit: ExitHealth | None = None


class SupervisorHealth(msgspec.Struct, frozen=True):
    """Key `supervisor.local` of `LF_HEALTH`: the children, and what the stack uses on disk."""

    pid: int
    time_ns: int
    source: str
    durability: str
    shards: int
    disk_bytes: int
    services: list[ServiceHealth]

    @property
    def standing(self) -> list[tuple[str, int | None, str]]:
        """Return name, process and state of each child."""
        return [(row.name, row.pid, row.state) for row in self.services]


def all_known(healths: Iterable[Health]) -> bool:
    """Say whether every frame the exchange sent is in RAW, or inside a declared loss.

    After a session that ended without goodbye nobody knows how many frames it had under way;
    then it is the sockets open now whose frames are counted at both ends.
    """
    sent = sent_open = known = breaks = session = 0
    for health in healths:
        counts = health.counts
        if health.role == "exchange":
            sent += counts.get("sent", 0)
            sent_open += counts.get("sent_open", 0)
        elif health.role == "normalize":
            known += counts.get("raw_frames", 0) + counts.get("raw_gap_frames", 0)
            breaks += counts.get("raw_breaks", 0)
            session += counts.get("session_frames", 0)
    return known >= sent or (breaks > 0 and session in (0, sent_open))
