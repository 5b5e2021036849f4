"""Whether somebody works on each partition, as far as a gateway can know.

A book that nobody brings up to date looks exactly like a quiet one. So each partition's ingest
and normalizer must be heard of again and again, or its events must come.
"""

from typing import Final

SILENCE_NS = 5_000_000_000
"""Every role speaks once a second."""
ROLES: Final = ("ingest", "normalize")


class Attendance:
    """When each role was last known to work on a partition; times are monotonic.

    A partition nobody asked for yet has its silence before it: it begins with the question.
    """

    def __init__(self) -> None:
        self._seen_ns: dict[tuple[str, int], int] = {}

    def heard(self, role: str, partition: int, now_ns: int) -> None:
        """`role` says that it works on the partition."""
        self._seen_ns[role, partition] = now_ns

    def moved(self, partition: int, now_ns: int) -> None:
        """Events of the partition came: everybody works on it."""
        for role in ROLES:
            self._seen_ns[role, partition] = now_ns

    def missing(self, partition: int, now_ns: int) -> str:
        """Return which role is not heard of and since when, empty where all are."""
        for role in ROLES:
            since_ns = now_ns - self._seen_ns.setdefault((role, partition), now_ns)
            if since_ns > SILENCE_NS:
                return f"no {role} of partition {partition:02d} for {since_ns // 10**9} s"
        return ""
