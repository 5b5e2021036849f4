"""`lf clean`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from ledgerflux.stack.cleaning import Leftover

SCHEMA = "lf.clean/1"


@examples("lf clean --dry-run", "lf clean --yes", "lf clean --data --dry-run")
def clean(
    data: Annotated[
        bool, typer.Option("--data", help="The data, too: the log, the database, everything.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove what a dead stack left: processes, run.json, logs.

    Also files that were half written. The data stays, and the next `lf up` goes on from it;
    with --data it goes, too. Refused with exit 6 while a stack runs there: `lf down` stops it.
    """
    from ledgerflux.stack.cleaning import clean as remove
    from ledgerflux.stack.cleaning import find_leftovers

    run_dir = run_dir_of(data_dir)
    left = find_leftovers(run_dir, data=data)
    if left and not dry_run:
        if not yes:
            _ask(left, str(run_dir.path))
        left = remove(run_dir, data=data)
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "data_dir": str(run_dir.path),
                "dry_run": dry_run,
                "removed": [
                    {"kind": row.kind, "name": row.name, "bytes": row.size_bytes} for row in left
                ],
            }
        )
    elif not left:
        say(f"nothing to clean in {run_dir.path}")
    else:
        for row in left:
            write(f"{'would remove' if dry_run else 'removed'}  {_line(row)}")


def _line(row: "Leftover") -> str:
    from ledgerflux.telemetry.log_lines import printable
    from ledgerflux_tui.lines import size

    amount = f"  {size(row.size_bytes)}" if row.kind != "process" else ""
    return f"{row.kind:<8} {printable(row.name)}{amount}"


def _ask(left: "list[Leftover]", path: str) -> None:
    """Say what will go, and ask.

    Raises:
        ConfigError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(
            f"lf clean removes files in {path}: it needs --yes where nobody can be asked",
            code="bad_argument",
            try_next=["lf clean --dry-run", "lf clean --yes"],
        )
    for row in left:
        say(f"  {_line(row)}")
    typer.confirm(f"Remove this from {path}?", abort=True, err=True)
