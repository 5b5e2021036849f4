"""The stack in two lines, or in one where there is no room: shards and stages."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledgerflux_tui.lines import Line, Segment, milliseconds, number
from ledgerflux_tui.state.shards import ShardRow
from ledgerflux_tui.top import STAGES, Sample
from ledgerflux_tui.view import state_style

_MARKS = {"good": "●", "warn": "◐", "bad": "✕", "plain": "○"}
_ASCII_MARKS = {"good": "o", "warn": "@", "bad": "x", "plain": "."}


def state_mark(state: str, *, ascii_only: bool) -> Segment:
    """Return a state as one sign."""
    style = state_style(state)
    return (_ASCII_MARKS if ascii_only else _MARKS).get(style, "?"), style


def stages_line(sample: Sample, *, ascii_only: bool) -> Line:
    """Return the way of a frame through the roles, each with how it is and how fast."""
    line: Line = []
    arrow = " -> " if ascii_only else " ─▶ "
    for role in STAGES:
        services = [one for one in sample.status["services"] if _role(one) == role]
        if not services:
            continue
        worst = next((one["state"] for one in services if one["state"] != "ready"), "ready")
        line += [(arrow, "dim")] if line else []
        line += [state_mark(worst, ascii_only=ascii_only), (f" {role}", "plain")]
        rate = _rate(role, sample)
        if rate is not None:
            line.append((f" {number(rate)}/s", "dim"))
        if worst != "ready":
            line.append((f" {worst}", state_style(worst)))
    return line


def losses_line(sample: Sample) -> Line:
    """Return what was lost or refused, and who is served."""
    counts = sample.status["counts"]
    line: Line = []
    for word, count in (
        ("frames lost", counts.get("raw_gap_frames")),
        ("refused", counts.get("dlq")),
        ("gaps", sample.status["gaps"]),
    ):
        line += [(f"{word} ", "dim"), (number(count), "bad" if count else "plain"), ("   ", "dim")]
    return [*line, ("clients ", "dim"), (number(sample.status.get("clients")), "plain")]


def folded_line(rows: Sequence[ShardRow], sample: Sample | None, *, ascii_only: bool) -> Line:
    """Return shards and stages in one line."""
    line: Line = [(" shards ", "dim"), *(state_mark(r.state, ascii_only=ascii_only) for r in rows)]
    lag = sum(row.lag_records or 0 for row in rows)
    line += [("  lag ", "dim"), (number(lag), "warn" if lag else "plain")]
    p99 = max((row.p99_ms for row in rows if row.p99_ms is not None), default=None)
    line += [("  p99 ", "dim"), (milliseconds(p99), "plain")]
    if sample is not None:
        line += [("  ", "dim"), *_marks(sample.status, ascii_only=ascii_only)]
    return line


def _marks(status: Mapping[str, Any], *, ascii_only: bool) -> Line:
    """Return every role as a sign, and those by name that are not ready."""
    signs: Line = []
    wrong: Line = []
    for role in STAGES:
        states = [one["state"] for one in status["services"] if _role(one) == role]
        if states:
            worst = next((state for state in states if state != "ready"), "ready")
            signs += [("-" if ascii_only else "─", "dim")] if signs else []
            signs.append(state_mark(worst, ascii_only=ascii_only))
            if worst != "ready":
                wrong.append((f"  {role} {worst}", state_style(worst)))
    return [("pipeline ", "dim"), *signs, *wrong]


def _role(service: Mapping[str, Any]) -> str:
    return str(service["name"]).partition("-")[0]


def _rate(role: str, sample: Sample) -> float | None:
    match role:
        case "exchange":
            return sample.rate("exchange_sent")
        case "ingest":
            return sample.rate("raw_frames")
        case "normalize":
            return sample.rate("norm_events")
        case _:
            return None
