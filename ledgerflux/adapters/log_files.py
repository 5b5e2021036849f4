"""Log files of the services: bounded, with one older file beside each."""

import os
import shutil
from pathlib import Path

LOG_BYTES_MAX = 8 * 1024 * 1024
OLDER = ".1"


def older_of(log: Path) -> Path:
    """Return where the older lines of `log` are."""
    return log.with_name(log.name + OLDER)


def keep_older(log: Path) -> None:
    """Put `log` aside where it has outgrown its bound; for files that nobody writes.

    Makes the directory where there is none.
    """
    try:
        if log.stat().st_size > LOG_BYTES_MAX:
            log.replace(older_of(log))
    except FileNotFoundError:
        log.parent.mkdir(parents=True, exist_ok=True)


def cut_logs(directory: Path) -> None:
    """Cut every log in `directory` that has outgrown its bound; they are being written.

    The lines go to the older file, at the same offsets. Writers have the file open for
    appending: the next line stands at the new beginning. A line that is written in the
    instant between copy and cut is lost.
    """
    for log in directory.glob("*.log"):
        try:
            if log.stat().st_size > LOG_BYTES_MAX:
                _cut(log)
        except OSError:
            continue  # a full disk, or gone meanwhile: the next round tries again


def _cut(log: Path) -> None:
    older = older_of(log)
    half = log.with_name(f".{log.name}.half")
    with log.open("rb") as source, half.open("wb") as target:
        os.fchmod(target.fileno(), 0o600)
        shutil.copyfileobj(source, target)
        target.flush()
        half.replace(older)
        shutil.copyfileobj(source, target)
        target.flush()
        os.truncate(log, 0)
