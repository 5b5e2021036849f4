"""What this process uses of the machine."""

import os
import time

from ledgerflux.ports import Usage

_STATM = "/proc/self/statm"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


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
        statm = os.open(_STATM, os.O_RDONLY)
    except FileNotFoundError:  # no /proc here: the library is for that
        import psutil

        return int(psutil.Process().memory_info().rss)
    try:
        return int(os.read(statm, 128).split()[1]) * _PAGE_BYTES
    finally:
        os.close(statm)
