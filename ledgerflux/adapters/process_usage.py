"""What this process uses of the machine."""

import os
import time
from pathlib import Path

from ledgerflux.ports import Usage

_STATM = Path("/proc/self/statm")


class ProcessUsage:
    """Share of one core since the last look, and resident bytes."""

    def __init__(self) -> None:
        self._looked_ns = time.monotonic_ns()
        self._used_ns = time.process_time_ns()

    def __call__(self) -> Usage:
        """Look now."""
        now_ns, used_ns = time.monotonic_ns(), time.process_time_ns()
        share = (used_ns - self._used_ns) / max(1, now_ns - self._looked_ns)
        self._looked_ns, self._used_ns = now_ns, used_ns
        return Usage(share, resident_bytes())


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:  # no /proc here: the library is for that
        import psutil

        return int(psutil.Process().memory_info().rss)
