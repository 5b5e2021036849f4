"""Lines of logs as the command line shows them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ledgerflux.model.units import rfc3339
from ledgerflux.telemetry.log import short_level
from ledgerflux.telemetry.log_lines import clock_of, words_of

if TYPE_CHECKING:
    from ledgerflux.stack.logs import Entry
    from ledgerflux_tui.lines import Line, Style

SCHEMA = "lf.log/1"
STYLES: "dict[str, Style]" = {"debug": "dim", "info": "plain", "warning": "warn", "error": "bad"}


def log_line(entry: "Entry", now_ns: int, prefix_width: int) -> "Line":
    """Return one line: time (UTC), level, service, words; width 0 leaves the service out."""
    line = entry.line
    style = STYLES[line.level]
    shown: Line = [
        (clock_of(line.time_ns, now_ns) + " ", "dim"),
        (short_level(line.level) + " ", style),
    ]
    if prefix_width:
        shown.append((entry.service.ljust(prefix_width) + "  ", "head"))
    return [*shown, (words_of(line), "plain" if style == "warn" else style)]


def log_document(entry: "Entry") -> dict[str, Any]:
    """Return the JSON document of one line; `ts` None where nobody knows."""
    line = entry.line
    return {
        "schema": SCHEMA,
        "ts": rfc3339(line.time_ns) if line.time_ns else None,
        "service": entry.service,
        "level": line.level,
        "event": line.event,
        "message": line.message,
        "fields": dict(line.fields),
    }


def prefix_width(services: Iterable[str]) -> int:
    """Return how wide the column of services must be."""
    return max((len(name) for name in services), default=0)
