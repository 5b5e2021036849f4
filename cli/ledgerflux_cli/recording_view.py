"""Recordings as the command line shows them. Names in a file are anybody's: escaped."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ledgerflux.model.units import NANOS_PER_S, rfc3339
from ledgerflux.telemetry.log_lines import printable
from ledgerflux_tui.lines import NOTHING, Column, Line, Segment, number, size, table

if TYPE_CHECKING:
    from ledgerflux.adapters.recording_audit import Audited, Sighted
    from ledgerflux.core.recording_audit import Connection

SHOWN_MAX = 20
"""So many products or connections are listed for people; the JSON holds all."""


def list_lines(found: "Sequence[Sighted]", width: int) -> list[Line]:
    """Return the recordings of a directory, one a line."""
    columns = (
        Column("FILE"),
        Column("BYTES", right=True),
        Column("VENUE"),
        Column("", rank=1),
    )
    rows: list[list[Segment]] = [
        [
            (printable(row.path.name), "head" if row.venue else "dim"),
            (size(row.file_bytes), "plain"),
            (row.venue or NOTHING, "plain"),
            ("" if row.venue else "can't be played", "dim"),
        ]
        for row in found
    ]
    return table(columns, rows, width)


def sighted_document(row: "Sighted") -> dict[str, Any]:
    """Return the JSON of one recording of a list."""
    return {
        "file": row.path.name,
        "bytes": row.file_bytes,
        "venue": row.venue,
        "playable": row.venue is not None,
        "reason": row.reason or None,
    }


def audit_document(audited: "Audited") -> dict[str, Any]:
    """Return the JSON of everything known about a recording."""
    audit = audited.audit
    return {
        "file": str(audited.path),
        "venue": audited.venue,
        "ok": audit.whole,
        "lines": audit.lines,
        "frames": audit.frames,
        "channels": dict(audit.kinds),
        "notes": dict(audit.notes),
        "products": dict(audit.products),
        "ts_first": _time(audit.first_ns),
        "ts_last": _time(audit.last_ns),
        "connections": {
            name: {
                "frames": one.frames,
                "first_number": one.first_number,
                "last_number": one.last_number,
            }
            for name, one in audit.connections.items()
        },
        "problems_total": dict(audit.problems_total),
        "problems": [problem._asdict() for problem in audit.problems],
        "bytes": audited.content_bytes,
        "file_bytes": audited.file_bytes,
        "sha256": audited.sha256,
    }


def info_lines(audited: "Audited") -> Iterator[str]:
    """Yield what a recording holds, one fact a line."""
    audit = audited.audit
    yield f"file         {printable(str(audited.path))}"
    yield f"venue        {audited.venue or 'none that can be played'}"
    yield f"frames       {number(audit.frames)} in {number(audit.lines)} lines"
    yield f"span         {_span(audit.first_ns, audit.last_ns)}"
    yield from _listed("channels", audit.kinds)
    yield from _listed("products", audit.products)
    yield from _listed("beside", audit.notes)
    shown = list(audit.connections.items())[:SHOWN_MAX]
    for place, (name, one) in enumerate(shown):
        label = "connections" if place == 0 else ""
        yield f"{label:<12} {printable(name)}: {number(one.frames)} frames, {_numbers(one)}"
    if len(shown) < len(audit.connections):
        yield f"{'':<12} and {number(len(audit.connections) - len(shown))} more"
    yield f"sequence     {_sequence(audited)}"
    yield f"content      {size(audited.content_bytes)}, {size(audited.file_bytes)} on disk"
    yield f"sha256       {audited.sha256}"


def verify_lines(audited: "Audited") -> Iterator[str]:
    """Yield what is wrong, one problem a line, and the judgement."""
    audit = audited.audit
    for problem in audit.problems:
        yield f"line {problem.line}: {problem.kind}: {printable(problem.text)}"
    more = audit.problems_total.total() - len(audit.problems)
    if more:
        yield f"and {number(more)} more"
    judgement = "whole" if audit.whole else "NOT whole"
    yield (
        f"{judgement}: {number(audit.frames)} frames in {number(audit.lines)} lines, "
        f"{_sequence(audited)}"
    )


def _sequence(audited: "Audited") -> str:
    """Return what the numbers of the connections say."""
    audit = audited.audit
    wrong = [
        f"{number(audit.problems_total[kind])} {word}"
        for kind, word in (("gap", "gaps"), ("repeat", "repeats"), ("backwards", "steps back"))
        if audit.problems_total[kind]
    ]
    if wrong:
        return ", ".join(wrong)
    numbered = any(one.first_number is not None for one in audit.connections.values())
    return "no gap, no repeat" if numbered else "the frames carry no number of their connection"


def _numbers(one: "Connection") -> str:
    if one.first_number is None:
        return "not numbered"
    return f"numbers {one.first_number} to {one.last_number}"


def _listed(label: str, counts: Mapping[str, int]) -> Iterator[str]:
    shown = sorted(counts.items(), key=lambda item: -item[1])[:SHOWN_MAX]
    if not shown:
        return
    more = "" if len(shown) == len(counts) else f", and {number(len(counts) - len(shown))} more"
    texts = ", ".join(f"{printable(name)} {number(count)}" for name, count in shown)
    yield f"{label:<12} {texts}{more}"


def _span(first_ns: int | None, last_ns: int | None) -> str:
    if first_ns is None or last_ns is None:
        return "no times"
    seconds = (last_ns - first_ns) / NANOS_PER_S
    return f"{rfc3339(first_ns)[:23]}Z, {seconds:,.1f} s"


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else rfc3339(time_ns)
