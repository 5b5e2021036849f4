"""The `lf` program: its root, and the one place that turns errors into exits.

The commands stand in `command_table`; only the module of the one that is named is imported.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ledgerflux.errors import ConfigError, LedgerFluxError, MissingDependency
from ledgerflux_cli.output import forget_output, report
from ledgerflux_cli.root import RootGroup

INTERRUPTED = 130

# The framework's own base of usage errors; it has no public name.
_USAGE_ERROR: type[BaseException] = typer.BadParameter.__mro__[2]

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
        return report(_told(error), as_json=as_json)
    return code


def _invoke(arguments: Sequence[str]) -> int:
    """Run one command without the framework's own handling of errors and exits."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("lf", list(arguments)) as context:
            code = command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


def _told(error: Exception) -> LedgerFluxError:
    """Return `error` as one that can be told to a user."""
    if isinstance(error, LedgerFluxError):
        return error
    if isinstance(error, _USAGE_ERROR):
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "lf"
        message = error.format_message()  # type: ignore[attr-defined]
        return ConfigError(message.rstrip("."), code="usage", try_next=[f"{path} --help"])
    if isinstance(error, PermissionError):
        return MissingDependency(f"no permission: {error.filename}", code="permission_denied")
    if isinstance(error, OSError):
        return LedgerFluxError(str(error), code="system")
    return LedgerFluxError(
        f"{type(error).__name__}: {error} (a bug in lf)",
        code="bug",
        try_next=["LF_DEBUG=1 lf ...   (shows where)"],
    )
