"""What this process uses of the machine."""

import psutil

from ledgerflux.ports import Usage


class ProcessUsage:
    """Share of one core since the last look, and resident bytes."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent(None)  # the first look only sets the start

    def __call__(self) -> Usage:
        """Look now."""
        with self._process.oneshot():
            return Usage(self._process.cpu_percent(None) / 100, self._process.memory_info().rss)
