"""What verify found."""

from typing import NamedTuple


class Check(NamedTuple):
    """One thing that was checked: `ok` None where it could not be, and `text` says why."""

    name: str
    ok: bool | None
    text: str


class Report(NamedTuple):
    """All checks, the counts behind them, and the first problems in words."""

    checks: list[Check]
    counts: dict[str, int]
    problems: list[str]

    @property
    def ok(self) -> bool:
        """Say whether nothing that was checked failed."""
        return all(check.ok is not False for check in self.checks)
