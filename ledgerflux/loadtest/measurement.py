"""Everything the workers of a load test have told so far, merged."""

from collections.abc import Iterable

import msgspec
from hdrh.histogram import HdrHistogram

from ledgerflux.loadtest.orders import Cells, ClientReport, Counts, Final, Progress

HIGHEST_US = 3_600_000_000
DIGITS = 3


class Histogram:
    """Microseconds in an HDR histogram with three digits; merges what tallies hold."""

    def __init__(self) -> None:
        self._hdr = HdrHistogram(1, HIGHEST_US, DIGITS)

    def take(self, cells: Cells) -> None:
        """Add the counts of a tally."""
        for value, count in cells:
            self._hdr.record_value(min(max(value, 1), HIGHEST_US), count)

    @property
    def total(self) -> int:
        """Return how many values it holds."""
        return int(self._hdr.get_total_count())

    def percentile_ms(self, percent: float) -> float | None:
        """Return the value at `percent` (0 to 100) in milliseconds; None without any."""
        if not self.total:
            return None
        return float(self._hdr.get_value_at_percentile(percent)) / 1000

    def share_below(self, limits_ms: Iterable[float]) -> list[float]:
        """Return the share of values up to each of `limits_ms`, ascending."""
        total = max(1, self.total)
        edges = [limit * 1000 for limit in limits_ms]
        below = [0] * len(edges)
        for item in self._hdr.get_recorded_iterator():
            for index, edge in enumerate(edges):
                below[index] += item.count_at_value_iterated_to * (item.value_iterated_to <= edge)
        return [count / total for count in below]

    def write(self, path: str) -> None:
        """Write the distribution of percentiles, in milliseconds, as HDR tools plot it."""
        with open(path, "wb") as file:  # noqa: PTH123 - the library wants a binary file
            self._hdr.output_percentile_distribution(file, 1000)


class Measurement:
    """Merges the lines of all workers; the measured time is [`from_ns`, `until_ns`), monotonic."""

    def __init__(self, workers: int, from_ns: int, until_ns: int) -> None:
        self.latency = Histogram()
        self.latency_slow = Histogram()
        self.first_snapshot = Histogram()
        self.lag = Histogram()
        self.clients: list[ClientReport] = []
        self.from_ns = from_ns
        self.until_ns = until_ns
        self._newest: list[Progress | None] = [None] * workers
        self._first: list[Progress | None] = [None] * workers
        self._last: list[Progress | None] = [None] * workers
        self._unreported = set(range(workers))

    def take(self, worker: int, progress: Progress) -> None:
        """Take one worker's line."""
        self._newest[worker] = progress
        if progress.time_ns >= self.from_ns:
            self._first[worker] = self._first[worker] or progress
        if progress.time_ns <= self.until_ns:
            self._last[worker] = progress
        self.latency.take(progress.latency)
        self.latency_slow.take(progress.latency_slow)
        self.first_snapshot.take(progress.first_snapshot)
        self.lag.take(progress.lag)

    def finish(self, worker: int, final: Final) -> None:
        """Take one worker's last line."""
        self._unreported.discard(worker)
        self.take(worker, final.progress)
        self.clients += final.clients

    @property
    def unreported(self) -> int:
        """Return how many workers have not told their last line."""
        return len(self._unreported)

    @property
    def counts(self) -> Counts:
        """Return the totals of all workers."""
        return merged([line.counts for line in self._lines])

    @property
    def connected(self) -> int:
        """Return how many clients are connected."""
        return sum(line.connected for line in self._lines)

    @property
    def subscribed(self) -> int:
        """Return how many clients were granted all they asked for."""
        return sum(line.subscribed for line in self._lines)

    @property
    def books(self) -> tuple[int, int]:
        """Return how many books are live, of how many."""
        lines = self._lines
        return sum(line.books_live for line in lines), sum(line.books for line in lines)

    @property
    def stalest_ns(self) -> int | None:
        """Return the oldest of the newest times of all books; None where one has none."""
        times = [line.stalest_ns for line in self._lines if line.books]
        known = [time_ns for time_ns in times if time_ns is not None]
        return min(known) if known and len(known) == len(times) else None

    @property
    def cpu(self) -> float | None:
        """Return the busiest worker's share of a core in the measured time."""
        shares = [
            (last.cpu_ns - first.cpu_ns) / (last.time_ns - first.time_ns)
            for first, last in zip(self._first, self._last, strict=True)
            if first is not None and last is not None and last.time_ns > first.time_ns
        ]
        return max(shares, default=None)

    @property
    def _lines(self) -> list[Progress]:
        return [line for line in self._newest if line is not None]


def merged(parts: list[Counts]) -> Counts:
    """Return the sum of all."""
    whole = Counts()
    for part in parts:
        for name in Counts.__struct_fields__:
            ours, theirs = getattr(whole, name), getattr(part, name)
            if isinstance(ours, dict):
                for key, count in theirs.items():
                    ours[key] = ours.get(key, 0) + count
            else:
                setattr(whole, name, ours + theirs)
    return msgspec.structs.replace(whole)
