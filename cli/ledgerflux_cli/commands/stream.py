"""`lf stream`: the streams and buckets of the log."""

import shutil
import time
from typing import TYPE_CHECKING, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import write_json

if TYPE_CHECKING:
    from ledgerflux.adapters.nats_inventory import StreamHolding
    from ledgerflux_tui.lines import Line

SCHEMA = "lf.streams/1"

stream = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=False)


@stream.callback()
@examples("lf stream ls", "lf stream ls --json | jq '.streams[0].bytes'")
def group() -> None:
    """Show what the log holds: its streams and buckets in NATS."""


@stream.command("ls")
@examples("lf stream ls", "lf stream ls --json")
def ls(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the streams and buckets: messages, bytes, span of time, limits.

    Asks NATS itself. Where a limit is reached, the oldest messages go.
    """
    from ledgerflux.stack.streams import list_streams
    from ledgerflux_cli.output import write_lines

    run_dir = run_dir_of(data_dir)
    streams = list_streams(run_dir)
    if as_json:
        rows = [stream_document(row) for row in streams]
        write_json({"schema": SCHEMA, "data_dir": str(run_dir.path), "streams": rows})
        return
    width = shutil.get_terminal_size((120, 40)).columns
    write_lines(stream_lines(streams, width, time.time_ns()))


def stream_document(row: "StreamHolding") -> dict[str, Any]:
    """Return the JSON of one stream."""
    from ledgerflux.model.units import NANOS_PER_S, rfc3339

    return {
        "name": row.name,
        "kind": "bucket" if row.is_bucket else "stream",
        "subjects": list(row.subjects),
        "storage": row.storage,
        "messages": row.messages,
        "bytes": row.size_bytes,
        "first_sequence": row.first_sequence,
        "last_sequence": row.last_sequence,
        "ts_first": None if row.first_ns is None else rfc3339(row.first_ns),
        "ts_last": None if row.last_ns is None else rfc3339(row.last_ns),
        "consumers": row.consumers,
        "bytes_max": row.bytes_max,
        "age_max_s": None if row.age_max_ns is None else row.age_max_ns / NANOS_PER_S,
        "per_subject_max": row.per_subject_max,
        "replicas": row.replicas,
    }


def stream_lines(streams: "list[StreamHolding]", width: int, now_ns: int) -> "list[Line]":
    """Return the streams, one a line."""
    from ledgerflux.model.units import rfc3339
    from ledgerflux_tui.lines import NOTHING, Column, Segment, age, number, size, table

    columns = (
        Column("STREAM"),
        Column("MESSAGES", right=True),
        Column("BYTES", right=True),
        Column("FULL", right=True, rank=1),
        Column("FIRST", rank=3),
        Column("LAST", right=True),
        Column("LIMITS", rank=2),
        Column("STORAGE", rank=4),
    )
    rows: list[list[Segment]] = []
    for row in streams:
        full = None if row.bytes_max is None else row.size_bytes / row.bytes_max
        first = NOTHING if row.first_ns is None else rfc3339(row.first_ns)[:19]
        last = NOTHING if row.last_ns is None else f"{age(rfc3339(row.last_ns), now_ns)} ago"
        rows.append(
            [
                (row.name, "head"),
                (number(row.messages), "plain"),
                (size(row.size_bytes), "plain"),
                (
                    NOTHING if full is None else f"{full:.0%}",
                    "warn" if (full or 0) > 0.9 else "dim",
                ),
                (first, "dim"),
                (last, "plain"),
                (limits_of(row), "dim"),
                (row.storage, "dim"),
            ]
        )
    return table(columns, rows, width)


def limits_of(row: "StreamHolding") -> str:
    """Return the limits of a stream in words."""
    from ledgerflux.model.units import NANOS_PER_S
    from ledgerflux_tui.lines import NOTHING, size

    parts = []
    if row.bytes_max is not None:
        parts.append(size(row.bytes_max))
    if row.age_max_ns is not None:
        seconds = row.age_max_ns // NANOS_PER_S
        parts.append(f"{seconds // 86_400} d" if seconds >= 86_400 else f"{seconds} s")
    if row.per_subject_max is not None:
        parts.append(f"{row.per_subject_max} a subject")
    return ", ".join(parts) or NOTHING
