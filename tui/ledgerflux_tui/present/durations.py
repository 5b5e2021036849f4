"""Ages, and the mark of what is too old to be taken for live."""

from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui.lines import NOTHING, Line, Segment, milliseconds

STALE_AFTER_NS = 2 * NANOS_PER_S
"""What is older than this is marked wherever it stands."""


def duration(value_ns: int | None) -> str:
    """Return a time for people: `42 ms`, `3.2 s`, `33 s`, `4 min`, `2 h`, `3 d`."""
    if value_ns is None:
        return NOTHING
    if abs(value_ns) < 10 * NANOS_PER_S:
        return milliseconds(value_ns / 1_000_000)
    seconds = value_ns // NANOS_PER_S
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // divisor} {unit}"
    return f"{seconds // 86_400} d"


def age_ns(since_ns: int | None, now_ns: int) -> int | None:
    """Return how long ago `since_ns` was, never below zero; None where it is not known."""
    return None if since_ns is None else max(0, now_ns - since_ns)


def is_stale(age: int | None) -> bool:
    """Return whether a value of this age in nanoseconds may not look live."""
    return age is None or age > STALE_AFTER_NS


def stale_mark(age: int | None) -> Segment | None:
    """Return `STALE 3.2 s` for what is too old, None for what is not."""
    if not is_stale(age):
        return None
    return ("STALE" if age is None else f"STALE {duration(age)}"), "warn"


def dimmed(lines: list[Line]) -> list[Line]:
    """Return the same texts in style `stale`: a picture that is kept, but not live."""
    return [[(text, "stale") for text, _ in line] for line in lines]
