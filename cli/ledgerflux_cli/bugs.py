"""Bugs of ours as a user sees them: one line, the file with the traceback, the report to make."""

import os
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from ledgerflux import __version__
from ledgerflux.errors import LedgerFluxError
from ledgerflux_cli.mistakes import leaves

FILE = "lf-bugs.txt"
FILE_BYTES_MAX = 256 * 1024
"""A larger file is begun anew."""


def told_bug(
    error: BaseException, arguments: Sequence[str], environment: Mapping[str, str]
) -> LedgerFluxError:
    """Return `error` as a bug of ours, its traceback kept in a file where that can be written."""
    inner = next(leaves(error))
    kept = keep_trace(error, arguments, environment)
    where = ["LF_DEBUG=1 lf ...   (shows where)"] if kept is None else [f"see {kept}"]
    return LedgerFluxError(
        f"{type(inner).__name__}: {inner} (a bug in lf)",
        code="bug",
        try_next=[*where, "lf doctor --report FILE   (to send with a bug report)"],
    )


def keep_trace(
    error: BaseException, arguments: Sequence[str], environment: Mapping[str, str]
) -> Path | None:
    """Append the traceback of `error` to the bug file; return its path, None where that failed."""
    command = arguments[0] if arguments else ""  # no more of them: they may hold a password
    head = f"ledgerflux {__version__}: lf {command}\n"
    try:
        path = bug_file(_data_dir(arguments, environment), environment)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        start_anew = path.exists() and path.stat().st_size > FILE_BYTES_MAX
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if start_anew else os.O_APPEND)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(head + "".join(traceback.format_exception(error)) + "\n")
    except (OSError, LedgerFluxError):
        return None
    return path


def bug_file(data_dir: Path | None, environment: Mapping[str, str]) -> Path:
    """Return where bugs are kept: beside the logs of the data directory, else of this user.

    Raises:
        ConfigError: The user has no home directory.
    """
    from ledgerflux.stack.default_dir import default_path

    mine = default_path(environment) if data_dir is None else data_dir
    if (mine / "logs").is_dir():
        return mine / "logs" / FILE
    return default_path(environment).parent / FILE


def _data_dir(arguments: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    for flag, value in zip(arguments, (*arguments[1:], ""), strict=False):
        if flag == "--data-dir":
            return Path(value)
        if flag.startswith("--data-dir="):
            return Path(flag.partition("=")[2])
    given = environment.get("LF_DATA_DIR")
    return Path(given) if given else None
