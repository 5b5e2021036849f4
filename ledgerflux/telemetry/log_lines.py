"""What the lines of a log say, whoever wrote them: our roles, nats-server or Postgres."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S, parse_time_ns, rfc3339

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
"""From the least to the most important."""
OWN_KEYS = ("ts", "level", "event", "logger", "message")
DAY_NS = 86_400 * NANOS_PER_S

_NATS = re.compile(
    r"\[\d+\] (\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d\.\d{1,9}) \[([A-Z]{3})\] (.*)", re.ASCII
)
_NATS_LEVELS: dict[str, Level] = {
    "TRC": "debug",
    "DBG": "debug",
    "WRN": "warning",
    "ERR": "error",
    "FTL": "error",
}
_POSTGRES = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] ([A-Z]+\d?):\s+(.*)", re.ASCII
)
_POSTGRES_LEVELS: dict[str, Level] = {
    "WARNING": "warning",
    "ERROR": "error",
    "FATAL": "error",
    "PANIC": "error",
}
_POSTGRES_MORE = frozenset({"DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION"})
_ERROR_STARTS = ("error[", "Traceback (most recent call last)")


class LogLine(NamedTuple):
    """One line, read.

    Attributes:
        time_ns: When it was written, UTC; a line without a time has that of the line
            before it, or 0.
        level: One of `LEVELS`.
        event: `noun.verb` where the line is one of ours, else empty.
        message: The words, without time, level and event.
        fields: What belongs to the event.
        raw: The line as it stands in the file, without its end.
    """

    time_ns: int
    level: Level
    event: str
    message: str
    fields: Mapping[str, Any]
    raw: str


def read_line(raw: str, before: LogLine | None = None) -> LogLine:
    """Return what `raw` says; `before` is the line that stands above it in its file."""
    return _ours(raw) or _nats(raw) or _postgres(raw, before) or _other(raw, before)


def words_of(line: LogLine) -> str:
    """Return event, message and fields as people read them, control characters escaped."""
    parts = [line.event, line.message]
    parts += [f"{name}={_value(value)}" for name, value in line.fields.items()]
    return printable(" ".join(part for part in parts if part))


def clock_of(time_ns: int, now_ns: int) -> str:
    """Return the time of day (UTC), with the date where it is not that of `now_ns`."""
    if time_ns == 0:
        return "-".ljust(12)
    text = rfc3339(time_ns - time_ns % NANOS_PER_MS)
    same_day = time_ns // DAY_NS == now_ns // DAY_NS
    return text[11:23] if same_day else f"{text[:10]} {text[11:23]}"


def printable(text: str) -> str:
    """Return `text` with everything that could steer a terminal written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter == "\t" else _escaped(letter) for letter in text
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode()


def _value(value: object) -> str:
    if isinstance(value, str):
        bare = value and not any(letter.isspace() or letter in '"=' for letter in value)
        return value if bare else _encoded(value.encode(errors="replace").decode())
    return str(value) if isinstance(value, int | float) else _encoded(value)


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _ours(raw: str) -> LogLine | None:
    if not raw.startswith("{"):
        return None
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    time_ns = parse_time_ns(str(document.get("ts")))
    level = document.get("level")
    if time_ns is None or level not in LEVELS:
        return None
    fields = {name: value for name, value in document.items() if name not in OWN_KEYS}
    event, message = str(document.get("event", "")), str(document.get("message", ""))
    return LogLine(time_ns, level, event, message, fields, raw)


def _nats(raw: str) -> LogLine | None:
    match = _NATS.fullmatch(raw)
    if match is None:
        return None
    year, month, day, clock, level, message = match.groups()
    time_ns = parse_time_ns(f"{year}-{month}-{day}T{clock}Z")
    if time_ns is None:
        return None
    return LogLine(time_ns, _NATS_LEVELS.get(level, "info"), "", message, {}, raw)


def _postgres(raw: str, before: LogLine | None) -> LogLine | None:
    match = _POSTGRES.fullmatch(raw)
    if match is None:
        return None
    clock, word, message = match.groups()
    time_ns = parse_time_ns(f"{clock}Z")
    if time_ns is None:
        return None
    if word in _POSTGRES_MORE and before is not None:
        return LogLine(time_ns, before.level, "", f"{word}: {message}", {}, raw)
    level: Level = "debug" if word.startswith("DEBUG") else _POSTGRES_LEVELS.get(word, "info")
    return LogLine(time_ns, level, "", message, {}, raw)


def _other(raw: str, before: LogLine | None) -> LogLine:
    """Return a line without a time: it goes with the one before."""
    time_ns, level = (before.time_ns, before.level) if before else (0, LEVELS[1])
    if before is not None and before.event:
        level = LEVELS[1]
    if raw.startswith(_ERROR_STARTS):
        level = LEVELS[3]
    return LogLine(time_ns, level, "", raw, {}, raw)
