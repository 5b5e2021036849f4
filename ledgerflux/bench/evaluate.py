"""Figures against what must be reached, and against an earlier run: pure."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from ledgerflux.bench.musts import BY_KEY, MUSTS

SCHEMA = "lf.bench/1"
THRESHOLD_MISSED = 99
NOT_TRUSTED = 98

Outcome = Literal["aim", "met", "missed", "reported", "doubtful", "not measured"]
SuiteName = Literal["normalize", "ingest", "e2e", "gateway"]


class Measured(msgspec.Struct, frozen=True):
    """One figure as it was measured.

    Attributes:
        key: Which, of `musts`.
        value: None where it could not be measured; `doubt` says why.
        conditions: Under which conditions.
        doubt: Why the figure can't be trusted; empty where it can.
    """

    key: str
    value: float | None
    conditions: str
    doubt: str = ""


class Row(msgspec.Struct, frozen=True):
    """A figure beside what it must be; `text`, `unit`, `must` and `aim` as in `musts`."""

    key: str
    text: str
    unit: str
    must: float | None
    aim: float | None
    value: float | None
    outcome: Outcome
    conditions: str
    doubt: str = ""


class Machine(msgspec.Struct, frozen=True):
    """Where and when it was measured; `others_cores` is what other programs used meanwhile."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    version: str
    commit: str
    time: str
    others_cores: float


class Slower(msgspec.Struct, frozen=True):
    """A figure that is worse than in the earlier run, by `share` of it."""

    key: str
    before: float
    now: float
    share: float


class Document(msgspec.Struct, frozen=True):
    """What `--json` writes."""

    suite: SuiteName
    machine: Machine
    rows: list[Row]
    slower: list[Slower] = []
    schema: str = SCHEMA


def judge(measured: Iterable[Measured]) -> list[Row]:
    """Return a row for each figure, in the order of `musts`."""
    rows = [_row(item) for item in measured]
    places = {must.key: place for place, must in enumerate(MUSTS)}
    return sorted(rows, key=lambda row: places[row.key])


def _row(item: Measured) -> Row:
    must = BY_KEY[item.key]
    return Row(
        must.key,
        must.text,
        must.unit,
        must.must,
        must.aim,
        item.value,
        _outcome(item),
        item.conditions,
        item.doubt,
    )


def _outcome(item: Measured) -> Outcome:
    must = BY_KEY[item.key]
    if item.value is None:
        return "not measured"
    if must.must is None:
        return "reported"
    if must.aim is not None and reaches(item.value, must.aim, higher=must.higher):
        return "aim"
    if reaches(item.value, must.must, higher=must.higher):
        return "met"
    return "doubtful" if item.doubt else "missed"


def reaches(value: float, limit: float, *, higher: bool) -> bool:
    """Say whether `value` is at least as good as `limit`."""
    return value >= limit if higher else value <= limit


def compare(rows: Sequence[Row], earlier: Sequence[Row], tolerance: float) -> list[Slower]:
    """Return the figures that are worse than `earlier` ones by more than `tolerance` of them.

    Figures that can't be trusted, then or now, are left out.
    """
    before = {row.key: row.value for row in earlier if not row.doubt}
    found = []
    for row in rows:
        was = before.get(row.key)
        if was is None or row.value is None or row.doubt or was <= 0:
            continue
        share = (was - row.value) / was if BY_KEY[row.key].higher else (row.value - was) / was
        if share > tolerance:
            found.append(Slower(row.key, was, row.value, round(share, 4)))
    return found


def exit_code(rows: Sequence[Row], slower: Sequence[Slower]) -> int:
    """Return 99 where a must is missed or something is slower, 98 where one is in doubt, or 0.

    A figure that meets its must although the machine was disturbed is met.
    """
    if slower or any(row.outcome == "missed" for row in rows):
        return THRESHOLD_MISSED
    in_doubt = ("doubtful", "not measured")
    wanted = [row for row in rows if row.must is not None]
    return NOT_TRUSTED if any(row.outcome in in_doubt for row in wanted) else 0
