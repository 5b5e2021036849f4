"""What commands write: data to standard output, talk and errors to standard error."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from ledgerflux.errors import LedgerFluxError


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


def error_lines(error: LedgerFluxError) -> list[str]:
    """Return the human form of `error`: what and why, then what to try."""
    labels = ("  next: ", *("        " for _ in error.try_next[1:]))
    steps = [label + step for label, step in zip(labels, error.try_next, strict=False)]
    return [f"error[{error.code}]: {error.message}", *steps]


def report(error: LedgerFluxError, *, as_json: bool) -> int:
    """Write `error` to standard error; return its exit code."""
    if as_json:
        say(json.dumps(error_document(error), ensure_ascii=False))
    else:
        for line in error_lines(error):
            say(line)
    return error.exit_code


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Return `rows` as lines with aligned columns; columns in `right` are flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def forget_stdout() -> None:
    """Let nothing more be written to a pipe that nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
