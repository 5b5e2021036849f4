"""What commands write: data to standard output, talk and errors to standard error."""

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ledgerflux.errors import LedgerFluxError, lines_of

if TYPE_CHECKING:
    from ledgerflux_tui.view import Line


def write_json(document: object) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def write(text: str = "") -> None:
    """Write one line of data to standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Write one line of talk to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def error_document(error: LedgerFluxError) -> dict[str, Any]:
    """Return the JSON form of `error`."""
    return {
        "error": {
            "code": error.code,
            "exit": error.exit_code,
            "message": error.message,
            "next": list(error.try_next),
            "retryable": error.retryable,
        }
    }


def report(error: LedgerFluxError, *, as_json: bool) -> int:
    """Write `error` to standard error; return its exit code."""
    if as_json:
        say(json.dumps(error_document(error), ensure_ascii=False))
    else:
        for line in lines_of(error):
            say(line)
    return error.exit_code


def write_lines(lines: "Sequence[Line]", *, cut: bool = True) -> None:
    """Write styled lines to standard output, coloured where that is a terminal.

    With `cut`, a line ends at the terminal's width; else the terminal breaks it.
    """
    if not sys.stdout.isatty():
        for line in lines:
            write("".join(text for text, _ in line).rstrip())
        return
    from rich.console import Console

    from ledgerflux_cli.live import rich_text

    text = rich_text(list(lines))
    if not cut:
        text.overflow = "ignore"
    Console(highlight=False).print(text, soft_wrap=not cut)


def forget_output() -> None:
    """Let nothing more be written to a pipe or terminal that nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
