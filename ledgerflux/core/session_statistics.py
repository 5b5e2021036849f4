"""Sizes and counts of one client."""

from typing import NamedTuple


class SessionStatistics(NamedTuple):
    """What one client holds and missed; `slow`: it does not take what it is told."""

    subscriptions: int
    queued_bytes: int
    queued_bytes_max: int
    fell_behind_total: int
    beats_skipped_total: int
    slow: bool
