"""The `lf` program: the one place that turns errors into exits.

What needs no parsing, help and version, is answered without the parser: importing that is
most of the wait.
"""

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledgerflux_cli.output import forget_output, report, write

if TYPE_CHECKING:
    from ledgerflux.errors import LedgerFluxError

INTERRUPTED = 130
HELP: tuple[list[str], ...] = ([], ["-h"], ["--help"], ["help"])
COMPLETE = "__complete"
"""Asked by the scripts of `lf completion`."""
VERSION: tuple[list[str], ...] = (["version"], ["--version"], ["version", "--json"])


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
        code = _run(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
        return 0
    except KeyboardInterrupt:
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


def _run(arguments: list[str]) -> int:
    if arguments in HELP:
        from ledgerflux_cli.root_help import help_text

        write(help_text())
    elif arguments in VERSION:
        from ledgerflux_cli.versions import show_versions

        show_versions(as_json="--json" in arguments)
    elif arguments[:1] == [COMPLETE]:
        from ledgerflux_cli.complete import complete

        for text in complete(arguments[1:], os.environ):
            write(text)
    else:
        from ledgerflux_cli.root import invoke

        return invoke(arguments)
    return 0
