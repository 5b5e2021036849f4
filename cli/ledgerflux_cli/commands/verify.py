"""`lf verify`: prove that the stored log is whole, or say what is not."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from ledgerflux.roles.verify_report import Report

SCHEMA = "lf.verify/1"
INTEGRITY = 7
DEFAULT_SHARDS = "1"
_MARKS = {True: "ok", False: "FAILED", None: "not checked"}

Renormalize = Annotated[
    bool,
    typer.Option("--renormalize", help="Make all events again from RAW and compare the bytes."),
]
ShardCounts = Annotated[
    str | None,
    typer.Option(
        "--shards",
        metavar="N,N,...",
        help="With --renormalize: once for each number of shards; default 1.",
    ),
]


@examples("lf verify", "lf verify --renormalize --shards 1,4,7")
def verify(
    renormalize: Renormalize = False,
    shards: ShardCounts = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> int:
    """Check the whole stored log: nothing missing, nothing twice, in order.

    Frames sent = frames in RAW + frames inside gap records; numbers, chained crcs and
    ranges; every seq +1; trades in Postgres = trades in NORM. Exit 0, or 7 with what is wrong.
    """
    from ledgerflux.stack.checking import verify as check

    counts = _shard_counts(shards, renormalize=renormalize)
    report = check(run_dir_of(data_dir), counts)
    if as_json:
        write_json(document(report))
    else:
        _show(report)
    return 0 if report.ok else INTEGRITY


def _shard_counts(text: str | None, *, renormalize: bool) -> list[int]:
    if text is not None and not renormalize:
        raise typer.BadParameter("--shards is for --renormalize")
    if not renormalize:
        return []
    words = (text or DEFAULT_SHARDS).split(",")
    try:
        counts = [int(word) for word in words]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of numbers such as 1,4,7") from None
    if any(not 1 <= count <= 32 for count in counts):
        raise typer.BadParameter("--shards: 1 to 32 each")
    return counts


def document(report: "Report") -> dict[str, object]:
    """Return the JSON document of `report`."""
    return {
        "schema": SCHEMA,
        "ok": report.ok,
        "checks": [check._asdict() for check in report.checks],
        "counts": report.counts,
        "problems": report.problems,
    }


def _show(report: "Report") -> None:
    for check in report.checks:
        write(f"{_MARKS[check.ok]:12} {check.name:14} {check.text}")
    for name, count in report.counts.items():
        write(f"{'':12} {name:14} {count:,}")
    for problem in report.problems:
        say(problem)
    say("verified" if report.ok else "not verified: see above")
