"""The frames of `lf top`: plain lines from one status and the one before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ledgerflux_tui import view
from ledgerflux_tui.lines import NOTHING, Column, Line, Segment, milliseconds, number, size, table

Screen = Literal["overview", "shards", "pipeline"]
SCREENS: tuple[Screen, ...] = ("overview", "shards", "pipeline")
STAGES = ("exchange", "ingest", "normalize", "snapshot", "gateway")


@dataclass(frozen=True, slots=True)
class Sample:
    """A status, when it was taken, and the one before where there was one.

    `seconds` lie between the two.
    """

    status: view.Status
    now_ns: int
    before: view.Status | None = None
    seconds: float = 1.0

    def rate(self, name: str) -> float | None:
        """Return how fast the count `name` grows, None where that is not known."""
        now = self.status["counts"].get(name)
        then = self.before["counts"].get(name) if self.before is not None else None
        if now is None or then is None or now < then:
            return None
        return float(now - then) / self.seconds


def product_rates(sample: Sample) -> dict[str, float | None]:
    """Return the level2 updates a second of each product."""
    tops = view.tops_of(
        _with_heads(sample.status),
        {},
        before=None if sample.before is None else _with_heads(sample.before),
        seconds=sample.seconds,
    )
    return {top.product: None if top.rate is None else round(top.rate, 1) for top in tops}


def frame(screen: Screen, sample: Sample, width: int) -> list[Line]:
    """Return the lines of one frame."""
    lines = view.summary_lines(sample.status, width)
    parts = {"overview": _overview, "shards": _shards, "pipeline": _pipeline}[screen]
    for part in parts(sample, width):
        if len(part) > 1:
            lines += [[], *part]
    trouble = view.problems(sample.status)
    return [*lines, [], *trouble] if trouble else lines


def _with_heads(status: view.Status) -> Mapping[str, Any]:
    return {"heads": status.get("heads") or {}}


def _overview(sample: Sample, width: int) -> list[list[Line]]:
    heads = sample.status.get("heads") or {}
    rates = product_rates(sample)
    shard_of = {name: row["shard"] for row in sample.status["shards"] for name in row["products"]}
    columns = (
        Column("PRODUCT"),
        Column("SHARD", right=True, rank=2),
        Column("BOOK"),
        Column("PROOF", rank=1),
        Column("SEQ", right=True, rank=3),
        Column("TRADES", right=True, rank=4),
        Column("UPD/S", right=True),
    )
    rows: list[list[Segment]] = [
        [
            (product, "head"),
            (str(shard_of.get(product, NOTHING)), "dim"),
            (head["state"], view.state_style(head["state"])),
            view.proof(head["integrity"]),
            (str(head["level2"]), "dim"),
            (str(head["trades"]), "dim"),
            (number(rates[product]), "plain"),
        ]
        for product, head in sorted(heads.items())
    ]
    return [table(columns, rows, width)]


def _shards(sample: Sample, width: int) -> list[list[Line]]:
    services = {
        **sample.status,
        "services": [row for row in sample.status["services"] if "normalize" in row["name"]],
    }
    return [
        view.shards_table(sample.status, width),
        view.services_table(services, width, now_ns=sample.now_ns),
    ]


def _pipeline(sample: Sample, width: int) -> list[list[Line]]:
    columns = (
        Column("STAGE"),
        Column("STATE"),
        Column("WORK"),
        Column("TOTAL", right=True),
        Column("/S", right=True),
        Column("P50", right=True, rank=3),
        Column("P99", right=True, rank=2),
        Column("CPU", right=True),
        Column("RSS", right=True, rank=1),
    )
    rows = [_stage(name, sample) for name in STAGES if _services_of(name, sample)]
    counts = sample.status["counts"]
    lost: list[Segment] = [
        ("frames lost ", "dim"),
        _trouble(counts.get("raw_gap_frames")),
        (" · frames refused ", "dim"),
        _trouble(counts.get("dlq")),
        (" · gaps ", "dim"),
        _trouble(sample.status["gaps"]),
    ]
    return [[*table(columns, rows, width), [], lost]]


def _trouble(count: int | None) -> Segment:
    return number(count), "bad" if count else "plain"


def _services_of(role: str, sample: Sample) -> list[Mapping[str, Any]]:
    return [row for row in sample.status["services"] if row["name"].partition("-")[0] == role]


def _stage(role: str, sample: Sample) -> list[Segment]:
    services = _services_of(role, sample)
    states = {row["state"]: None for row in services}
    worst = next((state for state in states if state != "ready"), "ready")
    work, total, rate = _work(role, sample)
    p50, p99 = _latencies(sample) if role == "normalize" else (None, None)
    return [
        (role, "head"),
        (worst, view.state_style(worst)),
        (work, "dim"),
        (number(total), "plain"),
        (number(rate), "plain"),
        (milliseconds(p50), "plain"),
        (milliseconds(p99), "plain"),
        (f"{sum(row['cpu'] for row in services) * 100:.0f}%", "plain"),
        (size(sum(row["rss_bytes"] for row in services)), "plain"),
    ]


def _work(role: str, sample: Sample) -> tuple[str, float | None, float | None]:
    """Return what a role counts, how much of it, and how fast."""
    counts = sample.status["counts"]
    match role:
        case "exchange":
            return "frames sent", counts.get("exchange_sent"), sample.rate("exchange_sent")
        case "ingest":
            return "frames in RAW", counts.get("raw_frames"), sample.rate("raw_frames")
        case "normalize":
            return "events in NORM", counts.get("norm_events"), sample.rate("norm_events")
        case "gateway":
            return "clients", sample.status.get("clients"), None
        case _:
            return "history", None, None


def _latencies(sample: Sample) -> tuple[float | None, float | None]:
    """Return the worst shard's median and 99th percentile."""
    found: list[float | None] = []
    for name in ("p50_ms", "p99_ms"):
        values = [row[name] for row in sample.status["shards"] if row[name] is not None]
        found.append(max(values, default=None))
    return found[0], found[1]
