"""The stages of the pipeline as a table, and what is held to the aim: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledgerflux.core.histogram import percentile_ms
from ledgerflux_tui.lines import NOTHING, Line, Segment, Style, number, size
from ledgerflux_tui.present.columns import Fixed, Placed, cells_line, placed, used
from ledgerflux_tui.present.spark import spark
from ledgerflux_tui.present.states import state_cell
from ledgerflux_tui.state.pipeline import AIM_MS, END_TO_END, Pipeline

WINDOWS_S = (10, 60, 300)
"""Spans of time that percentiles can be told of."""
SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}
COLUMNS = (
    Fixed("stage", "stage", 10, right=False),
    Fixed("in", "in/s", 7, rank=5),
    Fixed("out", "out/s", 7),
    Fixed("p50", "p50", 6),
    Fixed("p95", "p95", 6, rank=3),
    Fixed("p99", "p99", 6),
    Fixed("p999", "p99.9", 6, rank=4),
    Fixed("queue", "queue", 11, rank=1),
    Fixed("errors", "errors", 6, rank=2),
)
SPARK_MIN, SPARK_MAX = 8, 60
UNITS = {"frames": "frames", "records": "rec", "bytes": ""}


def ms(value: float | None) -> str:
    """Return milliseconds without their unit, in about three digits."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def stage_names(status: Mapping[str, Any]) -> list[str]:
    """Return the stages that are known, the whole way last."""
    names = [str(row["stage"]) for row in status.get("stages", ())]
    return [*names, END_TO_END] if status.get("end_to_end") is not None else names


def figures(pipeline: Pipeline, stage: str, window_s: int) -> dict[str, float | None]:
    """Return a stage's percentiles in ms.

    Those of ten seconds are the gateway's own, of its slowest process; of longer spans all
    processes are taken together, as far as statuses have come since.
    """
    if window_s <= WINDOWS_S[0]:
        told = _latency(pipeline, stage) or {}
        return {name: told.get(f"{name}_ms") for name in SHARES}
    counts = pipeline.window(stage, window_s).counts
    return {name: percentile_ms(counts, share) for name, share in SHARES.items()}


def _row(pipeline: Pipeline, stage: str) -> Mapping[str, Any]:
    """Return what the newest status says of a stage; nothing of the whole way but its latency."""
    if pipeline.sample is None:
        return {}
    for row in pipeline.sample.status.get("stages", ()):
        if row["stage"] == stage:
            return row  # type: ignore[no-any-return]
    return {}


def _latency(pipeline: Pipeline, stage: str) -> Mapping[str, Any] | None:
    if pipeline.sample is None:
        return None
    if stage == END_TO_END:
        return pipeline.sample.status.get("end_to_end")
    return _row(pipeline, stage).get("latency")


def stage_columns(width: int) -> list[Placed]:
    """Return the columns that fit; the first two cells are for the mark of the chosen one."""
    return placed(COLUMNS, width, 2)


def spark_width(columns: Sequence[Placed], width: int) -> int:
    """Return how many cells are left for the last minute of p99, 0 where too few are."""
    room = width - used(columns) - 2
    return min(room, SPARK_MAX) if room >= SPARK_MIN else 0


def head(columns: Sequence[Placed], width: int) -> Line:
    """Return the titles of the columns."""
    cells: list[Segment] = [(at.column.title, "dim") for at in columns]
    line = cells_line(columns, cells, ("", "plain"))
    room = spark_width(columns, width)
    return [*line, ("  ", "plain"), ("p99, 60 s"[:room].ljust(room), "dim")] if room else line


def stage_line(
    pipeline: Pipeline,
    stage: str,
    columns: Sequence[Placed],
    width: int,
    window_s: int,
    *,
    chosen: bool = False,
    ascii_only: bool = False,
) -> Line:
    """Return one stage; what it does not measure is told as such."""
    row, told = _row(pipeline, stage), figures(pipeline, stage, window_s)
    cells = [_cell(row, told, stage, at.column.name) for at in columns]
    pointer = ">" if ascii_only else "▶"
    lead: Segment = (pointer, "select") if chosen else ("", "plain")
    line = cells_line(columns, cells, lead)
    room = spark_width(columns, width)
    ring = pipeline.p99.get(stage)
    if room and ring is not None:
        shown = spark(list(ring.values), room, floor=0.0, ascii_only=ascii_only)
        line += [("  ", "plain"), (shown, "plain")]
    return line


def _cell(
    row: Mapping[str, Any], told: Mapping[str, float | None], stage: str, name: str
) -> Segment:
    match name:
        case "stage":
            return stage, "head"
        case "in":
            return number(row.get("in_per_s")), "plain"
        case "out":
            return number(row.get("out_per_s")), "plain"
        case "queue":
            return _queue(row)
        case "errors":
            errors = row.get("errors")
            return number(errors), "bad" if errors else "dim"
        case _:
            style: Style = "head" if stage == END_TO_END else "plain"
            return ms(told[name]), style


def _queue(row: Mapping[str, Any]) -> Segment:
    waiting = row.get("queue")
    if waiting is None:
        return NOTHING, "dim"
    unit = str(row.get("queue_unit"))
    text = size(waiting) if unit == "bytes" else f"{number(waiting)} {UNITS.get(unit, unit)}"
    return text, "plain" if waiting else "dim"


def aim_line(pipeline: Pipeline, *, ascii_only: bool = False) -> Line:
    """Return in how many of the last seconds 95 of 100 events came through in time."""
    told = [met for met in pipeline.met.values if met is not None]
    line: Line = [("aim ", "dim"), (f"p95 < {AIM_MS:.0f} ms", "plain"), ("  ", "plain")]
    if not told:
        return [*line, ("nothing came yet", "dim")]
    good = sum(told)
    state = "ready" if good == len(told) else "degraded" if told[-1] else "failed"
    mark, style = state_cell(state, ascii_only=ascii_only)
    return [*line, (f"{mark[0]} met in {good} of {len(told)} s", style)]


def clients_line(status: Mapping[str, Any]) -> Line:
    """Return who is served, and who does not keep up."""
    gateways = status.get("gateways", ())
    line: Line = [("clients ", "dim"), (number(status.get("clients")), "plain")]
    for word, name, style in (
        ("slow", "slow_clients", "warn"),
        ("fell behind", "fell_behind", "plain"),
        ("closed for it", "closed_slow", "plain"),
    ):
        known = [row[name] for row in gateways if row.get(name) is not None]
        count = sum(known) if known else None
        shown: Style = "warn" if count and style == "warn" else "plain"
        line += [(f"   {word} ", "dim"), (number(count), shown)]
    return line


def losses_line(status: Mapping[str, Any]) -> Line:
    """Return what was lost or refused since the data set began."""
    counts = status["counts"]
    line: Line = []
    for word, count in (
        ("frames lost", counts.get("raw_gap_frames")),
        ("refused", counts.get("dlq")),
        ("gaps", status.get("gaps")),
    ):
        line += [("   " if line else "", "plain"), (f"{word} ", "dim"),
                 (number(count), "bad" if count else "plain")]  # fmt: skip
    return line
