"""The `lf` program: its root, and the one place that turns errors into exits.

The commands stand in `command_table`; only the module of the one that is named is imported.
"""

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux_cli.output import forget_output, report
from ledgerflux_cli.root import RootGroup

if TYPE_CHECKING:
    from ledgerflux.errors import LedgerFluxError

INTERRUPTED = 130

app = typer.Typer(
    cls=RootGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    show: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Exact, gap-checked market data on one machine. Right, or loudly not."""
    if show:
        from ledgerflux_cli.commands.version import show_version

        show_version()
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


def main() -> None:
    """Run the command line of this process and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without our signs ends no command
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code. Errors are one line, never a traceback.

    `LF_DEBUG=1` shows the traceback of what went wrong.
    """
    as_json = "--json" in arguments
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("LF_DEBUG") == "1":
            raise
        from ledgerflux_cli.mistakes import told

        return report(told(error, arguments) or _bug(error, arguments), as_json=as_json)
    return code


def _bug(error: Exception, arguments: Sequence[str]) -> "LedgerFluxError":
    from ledgerflux_cli.bugs import told_bug

    return told_bug(error, arguments, os.environ)


def _invoke(arguments: Sequence[str]) -> int:
    """Run one command without the framework's own handling of errors and exits."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("lf", list(arguments)) as context:
            code = command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0
