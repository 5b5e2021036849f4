"""The shards: who makes which products, how fast, how far behind, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledgerflux_tui.state.seconds import Seconds

HISTORY_MAX = 60
"""Seconds of history kept of each shard."""
SHARDS_MAX = 64


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process before this one ended: an exit code or a signal's name."""

    code: int | None
    signal: str | None
    at: str
    detail: str

    @property
    def word(self) -> str:
        """Return it as people say it."""
        return self.signal or f"code {self.code}"


@dataclass(frozen=True, slots=True)
class ShardRow:
    """One shard and the process that is it; what is not known is None."""

    shard: int
    state: str
    partitions: tuple[int, ...]
    products: tuple[str, ...]
    rate: float
    lag_records: int | None
    lag_ms: float | None
    p50_ms: float | None
    p99_ms: float | None
    pid: int | None = None
    cpu: float | None = None
    rss_bytes: int | None = None
    restarts: int | None = None
    since: str = ""
    owner: str = ""
    seq: int | None = None
    reason: str = ""
    last_exit: Ended | None = None


@dataclass(slots=True)
class Absence:
    """A time without a ready process, as it was seen here; `back_ns` None while it lasts.

    `seq` and `lag_max` are how far it was, and what waited at most.
    """

    since_ns: int
    seq: int | None
    lag_max: int = 0
    back_ns: int | None = None

    def look(self, row: ShardRow, now_ns: int) -> None:
        """Take what the shard is now."""
        self.lag_max = max(self.lag_max, row.lag_records or 0)
        if row.state == "ready":
            self.back_ns = now_ns


@dataclass(slots=True)
class History:
    """What a shard was in the last seconds, and its last absence."""

    rate: Seconds[float] = field(default_factory=lambda: Seconds(HISTORY_MAX))
    lag: Seconds[int] = field(default_factory=lambda: Seconds(HISTORY_MAX))
    absence: Absence | None = None

    def take(self, row: ShardRow, before: ShardRow | None, now_ns: int) -> None:
        """Take what the shard is now; `before` is what it was told to be last."""
        self.rate.put(row.rate, now_ns)
        self.lag.put(row.lag_records, now_ns)
        if before is not None and _left(before, row):
            self.absence = Absence(now_ns, before.seq)
        if self.absence is not None and self.absence.back_ns is None:
            self.absence.look(row, now_ns)


@dataclass(slots=True)
class Shards:
    """All shards in the order of their numbers, and the history of each; at most `SHARDS_MAX`."""

    rows: tuple[ShardRow, ...] = ()
    history: dict[int, History] = field(default_factory=dict)
    told_ns: int | None = None

    def take(self, status: Mapping[str, Any], now_ns: int) -> None:
        """Take the shards of a status.

        Raises:
            KeyError: A shard lacks what every shard has.
        """
        services = {row["name"]: row for row in status["services"]}
        rows = sorted(status["shards"], key=lambda row: int(row["shard"]))[:SHARDS_MAX]
        before = {row.shard: row for row in self.rows}
        told = [_row(row, services.get(f"normalize-{row['shard']}")) for row in rows]
        self.rows = tuple(_remembered(row, before.get(row.shard)) for row in told)
        kept = {row.shard: self.history.get(row.shard) or History() for row in self.rows}
        self.history = kept
        for row in self.rows:
            kept[row.shard].take(row, before.get(row.shard), now_ns)
        self.told_ns = now_ns

    def of_product(self) -> dict[str, int]:
        """Return the shard of each product."""
        return {product: row.shard for row in self.rows for product in row.products}


def _left(before: ShardRow, now: ShardRow) -> bool:
    """Say whether it was ready and is not, or another process is."""
    if before.state != "ready":
        return False
    return now.state != "ready" or (None not in (before.pid, now.pid) and before.pid != now.pid)


def _remembered(row: ShardRow, before: ShardRow | None) -> ShardRow:
    """Return a shard whose process does not know its work yet with what it worked on before."""
    if before is None or row.partitions or row.state in ("ready", "failed", "stopped"):
        return row
    return replace(row, partitions=before.partitions, products=before.products)


def _row(row: Mapping[str, Any], service: Mapping[str, Any] | None) -> ShardRow:
    process = {**(service or {}), **row}
    lag = row["lag_records"]
    return ShardRow(
        shard=int(row["shard"]),
        state=str(row["state"]),
        partitions=tuple(row["partitions"]),
        products=tuple(row["products"]),
        rate=float(row["rate"]),
        lag_records=None if lag is None else int(lag),
        lag_ms=row["lag_ms"],
        p50_ms=row["p50_ms"],
        p99_ms=row["p99_ms"],
        pid=process.get("pid"),
        cpu=process.get("cpu"),
        rss_bytes=process.get("rss_bytes"),
        restarts=process.get("restarts"),
        since=str(process.get("since", "")),
        owner=str(process.get("owner", f"normalize-{row['shard']}")),
        seq=process.get("seq"),
        reason=str(process.get("reason", "")),
        last_exit=_ended(process.get("last_exit")),
    )


def _ended(told: Mapping[str, Any] | None) -> Ended | None:
    if told is None:
        return None
    return Ended(told["code"], told["signal"], str(told["at"]), str(told["detail"]))
