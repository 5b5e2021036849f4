"""Our log: standard `logging`, events named `noun.verb` with fields.

JSON lines where nobody looks, a line for people on a terminal. Never one line per market
message: counts belong to the metrics.
"""

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

from ledgerflux.model.units import rfc3339
from ledgerflux.telemetry.log_lines import LEVELS, OWN_KEYS, Level, LogLine, clock_of, words_of

FOREIGN_EVENT = "log.line"
"""The event of a line that a library wrote."""
LEVEL_WIDTH = 5
TALKATIVE = ("ledgerflux.sockets", "websockets")
"""Loggers of a library that has a line for every socket: only their warnings are wanted."""
_SHORT: dict[Level, str] = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR"}


class Events:
    """Where one module says what happened: `log = Events(__name__)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        """Say what only helps to find a fault."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Say what an operator likes to know."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Say what is not as it should be and may mend itself."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Say what is lost or broken."""
        self._log(logging.ERROR, event, fields)

    def _log(self, level: int, event: str, fields: dict[str, object]) -> None:
        assert not fields.keys() & set(OWN_KEYS), fields
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `ts`, `level`, `event`, `logger`, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`."""
        head = {
            "ts": rfc3339(int(record.created * 1e6) * 1000),
            "level": _level_of(record),
            "event": _event_of(record),
            "logger": record.name,
        }
        return json.dumps(head | _fields_of(record), default=str)


class LineFormatter(logging.Formatter):
    """A line for people: time of day (UTC), level, event, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`."""
        time_ns, level = int(record.created * 1e6) * 1000, _level_of(record)
        fields = _fields_of(record)
        message = str(fields.pop("message", ""))
        line = LogLine(time_ns, level, _event_of(record), message, fields, "")
        return f"{clock_of(time_ns, time_ns)} {short_level(level)} {words_of(line)}"


def log_to_stream(level: str, stream: TextIO | None = None) -> None:
    """Send everything from `level` on to `stream` (standard error), as fits what it is."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter() if stream.isatty() else JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def log_to_file(path: Path) -> None:
    """Append what the project's own modules say to `path`, and nowhere else."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("ledgerflux")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def short_level(level: Level) -> str:
    """Return `level` in five letters."""
    return _SHORT[level].ljust(LEVEL_WIDTH)


def _level_of(record: logging.LogRecord) -> Level:
    for name, number in zip(LEVELS, (logging.DEBUG, logging.INFO, logging.WARNING), strict=False):
        if record.levelno <= number:
            return name
    return "error"


def _event_of(record: logging.LogRecord) -> str:
    return str(record.msg) if hasattr(record, "fields") else FOREIGN_EVENT


def _fields_of(record: logging.LogRecord) -> dict[str, Any]:
    own = getattr(record, "fields", None)
    fields = {"message": record.getMessage()} if own is None else dict(own)
    if record.exc_info and record.exc_info[1] is not None:
        fields["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
    return fields
