"""What changed between two health records, said in the log: at most a few lines a second."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledgerflux.telemetry.log import Events
from ledgerflux.telemetry.log_lines import Level
from ledgerflux.wire.health import Health

TROUBLED_BOOKS = frozenset({"suspect", "stale", "halted"})
TELLING_COUNTS = {
    "dlq": "frames.refused",
    "lost_frames": "frames.lost",
    "fell_behind": "clients.behind",
    "live_holes": "records.missed",
    "losses": "records.lost",
    "refused_rows": "rows.refused",
}
"""Counts of which each step is worth a line, and what the line says."""


class Said(NamedTuple):
    """One line: its level, event and fields."""

    level: Level
    event: str
    fields: Mapping[str, Any]


class Narration:
    """Tells how a role does, from one health record to the next."""

    def __init__(self, log: Events) -> None:
        self._log = log
        self._before: Health | None = None

    def tell(self, health: Health) -> None:
        """Say what `health` has that the record before had not."""
        for said in changes(self._before, health):
            say = self._log.warning if said.level == "warning" else self._log.info
            say(said.event, **said.fields)
        self._before = health


def changes(before: Health | None, health: Health) -> Iterator[Said]:
    """Yield what is worth saying about `health` after `before`."""
    if before is None or before.state != health.state:
        yield _state(health)
    if before is None:
        return
    yield from _books(before, health)
    if before.state == "starting":
        return  # counts that were found in the log are no news
    for name, event in TELLING_COUNTS.items():
        more = health.counts.get(name, 0) - before.counts.get(name, 0)
        if more > 0:
            yield Said("warning", event, {"count": more, "total": health.counts[name]})


def _state(health: Health) -> Said:
    fields = {"reason": health.reason, "http": health.http if health.state == "ready" else ""}
    level: Level = "warning" if health.state == "degraded" else "info"
    return Said(level, f"role.{health.state}", {key: text for key, text in fields.items() if text})


def _books(before: Health, health: Health) -> Iterator[Said]:
    """Yield one line for each state that books have come into."""
    if health.role != "normalize":
        return
    was, now = _states(before), _states(health)
    moved: dict[str, list[str]] = {}
    for product, state in sorted(now.items()):
        if was.get(product) != state:
            moved.setdefault(state, []).append(product)
    for state, products in moved.items():
        level: Level = "warning" if state in TROUBLED_BOOKS else "info"
        yield Said(level, f"books.{state}", {"products": " ".join(products)})


def _states(health: Health) -> dict[str, str]:
    return {product: state for row in health.partitions for product, state in row.states.items()}
