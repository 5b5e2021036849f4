"""How far a book may be trusted: its state, its proof, where it stands, and how old it is."""

from typing import NamedTuple

from ledgerflux_tui.lines import NOTHING, Line, Segment, number
from ledgerflux_tui.present.durations import duration, is_stale
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.prices import MORE
from ledgerflux_tui.present.spread import fitted_left
from ledgerflux_tui.view import proof, state_style


class BookHealth(NamedTuple):
    """What is known of a book; None where it is not known.

    Attributes:
        state: `live`, `suspect`, ...
        integrity: What proves it: `sequence`, `checksum` or `none`.
        seq: Number of its last event.
        epoch: The stream's epoch.
        checksum: Checksum of the last message that had one.
        checksum_ok: Whether the book kept here has it.
        snapshot_age_ns: Since the last whole book came.
        age_ns: Since the last message of it came.
        levels: Levels kept, both sides.
        gaps: Gaps told since the dashboard was opened.
        resyncs: Whole books that came after the first.
        rate: Messages a second.
        crossed: Messages after which it was live and crossed.
        reason: Why the last gap was.
    """

    state: str | None = None
    integrity: str | None = None
    seq: int | None = None
    epoch: str | None = None
    checksum: int | None = None
    checksum_ok: bool | None = None
    snapshot_age_ns: int | None = None
    age_ns: int | None = None
    levels: int | None = None
    gaps: int | None = None
    resyncs: int | None = None
    rate: float | None = None
    crossed: int | None = None
    reason: str | None = None


EPOCH_SHOWN = 8
"""Of a long name of an epoch: enough to see that it became another."""

Fact = tuple[str, list[Segment]]


def health_of_book(
    health: BookHealth, width: int, rows: int, *, ascii_only: bool = False
) -> list[Line]:
    """Return what is known of a book as exactly `rows` lines of at most `width` cells.

    The most telling comes first: what has no room is left out whole.
    """
    if rows < 1 or width < 1:
        return [[]] * max(rows, 0)
    lines: list[Line] = [[] for _ in range(rows)]
    row = 0
    for name, values in _facts(health):
        more = _segments(name, values, first=not lines[row])
        if lines[row] and _width(lines[row]) + _width(more) > width:
            row += 1
            if row == rows:
                break
            more = _segments(name, values, first=True)
        lines[row] += more
    lines = [_cut(line, width) for line in lines]
    return in_ascii(lines) if ascii_only else lines


def book_state(health: BookHealth) -> list[Segment]:
    """Return the state of a book, with `unproven` beside it where nothing proves it."""
    state = health.state or NOTHING
    segments: list[Segment] = [(state, state_style(state))]
    if health.integrity == "none":
        segments += [(" ", "plain"), proof("none")]
    return segments


def _facts(health: BookHealth) -> list[Fact]:
    age: list[Segment] = [(duration(health.age_ns), "plain")]
    if health.age_ns is not None and is_stale(health.age_ns):
        age = [(duration(health.age_ns), "warn"), (" quiet", "warn")]
    facts: list[Fact] = [
        ("book", book_state(health)),
        ("age", age),
        ("gaps", [_trouble(health.gaps)]),
        ("resyncs", [_trouble(health.resyncs)]),
        ("seq", [(number(health.seq), "plain")]),
        ("checksum", [_checksum(health)]),
        ("crossed", [_trouble(health.crossed)]),
        ("snapshot", [(_ago(health.snapshot_age_ns), "plain")]),
        ("epoch", [(_short(health.epoch), "plain")]),
        ("levels", [(number(health.levels), "plain")]),
        ("upd/s", [(number(health.rate), "plain")]),
    ]
    if health.integrity != "none":
        facts.insert(1, ("proof", [proof(health.integrity)]))
    if health.reason:
        facts.append(("last gap", [(health.reason, "warn")]))
    return facts


def _trouble(count: int | None) -> Segment:
    return number(count), "bad" if count else "plain"


def _checksum(health: BookHealth) -> Segment:
    if health.checksum_ok is not None:
        return ("ok", "good") if health.checksum_ok else ("wrong", "bad")
    return (NOTHING, "dim") if health.checksum is None else (str(health.checksum), "plain")


def _ago(age: int | None) -> str:
    return NOTHING if age is None else f"{duration(age)} ago"


def _short(epoch: str | None) -> str:
    if not epoch:
        return NOTHING
    return epoch if len(epoch) <= EPOCH_SHOWN else epoch[:EPOCH_SHOWN] + MORE


def _segments(name: str, values: list[Segment], *, first: bool) -> Line:
    return [((" " if first else "  ") + name + " ", "dim"), *values]


def _width(line: Line) -> int:
    return sum(len(text) for text, _ in line)


def _cut(line: Line, width: int) -> Line:
    """Return the line, ended by `…` where it is wider than `width`."""
    found: Line = []
    room = width
    for text, style in line:
        found.append((fitted_left(text, room), style))
        if len(text) > room:
            break
        room -= len(text)
    return found
