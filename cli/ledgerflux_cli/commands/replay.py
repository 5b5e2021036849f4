"""`lf replay`: control of the exchange that plays a recording or makes a market."""

from typing import TYPE_CHECKING

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import write, write_json

if TYPE_CHECKING:
    from ledgerflux.roles.exchange import Started

SCHEMA = "lf.replay/1"

replay = typer.Typer(
    help="Control the market that the stack's exchange serves.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@replay.callback()
def group() -> None:
    """Control the market that the stack's exchange serves."""


@replay.command()
@examples("lf replay start")
def start(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a market that was held by `lf up --paused` run.

    Doing it again changes nothing. Exit 0; 3 without a stack, 6 where its source is live.
    """
    from ledgerflux.stack.replaying import start_market

    started = start_market(run_dir_of(data_dir))
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "source": started.source,
                "state": started.state,
                "was_paused": started.was_paused,
            }
        )
    else:
        write(describe(started))


def describe(started: "Started") -> str:
    """Return the line that says what happened."""
    if started.was_paused:
        return f"{started.source}: started"
    did = "has ended" if started.state == "ended" else "was not paused"
    return f"{started.source}: {did}"
