"""The pipeline's stages: the newest status, what it is compared with, and the last minutes."""

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledgerflux.core.histogram import percentile_ms, since, total_of
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui.state.seconds import Seconds
from ledgerflux_tui.top import Sample

HISTORY_MAX = 60
"""Seconds of p99 kept of each stage, and of whether the aim was met."""
WINDOW_MAX_S = 300
FINE_S = 60
"""So many of the newest seconds have a look each; before them one in `COARSE_S`."""
COARSE_S = 5
STAGES_MAX = 16
END_TO_END = "end to end"
AIM_MS = 100.0
"""So long may the whole way take for 95 of 100 events."""
RATE_OVER_S = 0.9
"""Rates are measured over at least this: roles count once a second."""
EARLIER_MAX = 32
"""Statuses kept to measure rates by; at ten a second they reach far enough back."""

Counted = Mapping[str, "array[int]"]
"""A stage's histogram since the start of each of its processes, by process."""


class Look(NamedTuple):
    """What was counted of each stage at one time."""

    at_ns: int
    stages: Mapping[str, Counted]


class Window(NamedTuple):
    """A histogram of the newest seconds, of all processes of a stage, and how many those are."""

    counts: list[int]
    seconds: float


@dataclass(slots=True)
class Pipeline:
    """What statuses say of all stages; None and empty before the first one.

    `looks` has one for each of the last 60 seconds and one of five of the 240 before them; `p99`
    and `met` have one value for each of the last 60: whether the whole way met the aim in that
    second, None where nothing came.
    """

    sample: Sample | None = None
    told_ns: int | None = None
    looks: deque[Look] = field(default_factory=deque)
    p99: dict[str, Seconds[float]] = field(default_factory=dict)
    met: Seconds[bool] = field(default_factory=lambda: Seconds(HISTORY_MAX))
    _earlier: deque[tuple[int, Mapping[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=EARLIER_MAX)
    )

    def take(self, status: Mapping[str, Any], now_ns: int) -> float:
        """Take a status; return the seconds since the one before, 0 of the first."""
        seconds = 0.0 if self.told_ns is None else (now_ns - self.told_ns) / NANOS_PER_S
        self._compare(status, now_ns)
        self.told_ns = now_ns
        stages = _latencies(status)
        for name, latency in stages.items():
            ring = self.p99.setdefault(name, Seconds(HISTORY_MAX))
            ring.put(latency["p99_ms"], now_ns)
        self._look(Look(now_ns, {name: _counted(one) for name, one in stages.items()}))
        return seconds

    def window(self, stage: str, seconds: float) -> Window:
        """Return what was counted in the last `seconds`, or as many as are known."""
        if not self.looks:
            return Window([], 0.0)
        newest = self.looks[-1]
        wanted_ns = newest.at_ns - int(seconds * NANOS_PER_S)
        oldest = min(self.looks, key=lambda look: abs(look.at_ns - wanted_ns))
        counts = _between(oldest.stages.get(stage, {}), newest.stages.get(stage, {}))
        return Window(counts, (newest.at_ns - oldest.at_ns) / NANOS_PER_S)

    def _compare(self, status: Mapping[str, Any], now_ns: int) -> None:
        """Make the sample: rates are those since the newest status that is old enough."""
        earlier = self._earlier
        while len(earlier) > 1 and now_ns - earlier[1][0] >= RATE_OVER_S * NANOS_PER_S:
            earlier.popleft()
        then_ns, before = earlier[0] if earlier else (now_ns, None)
        self.sample = Sample(status, now_ns, before, max(1e-3, (now_ns - then_ns) / NANOS_PER_S))
        earlier.append((now_ns, status))

    def _look(self, look: Look) -> None:
        """Keep one look a second, and judge the second since the one before."""
        before = self.looks[-1] if self.looks else None
        if before is not None and look.at_ns - before.at_ns < RATE_OVER_S * NANOS_PER_S:
            return
        self.looks.append(look)
        self._thin()
        if before is not None and END_TO_END in look.stages:
            came = _between(before.stages.get(END_TO_END, {}), look.stages[END_TO_END])
            p95 = percentile_ms(came, 0.95)
            self.met.put(None if p95 is None else p95 <= AIM_MS, look.at_ns)

    def _thin(self) -> None:
        """Forget looks that no window reaches, and most of those that only long ones do."""
        looks = self.looks
        while looks[-1].at_ns - looks[0].at_ns > (WINDOW_MAX_S + COARSE_S) * NANOS_PER_S:
            looks.popleft()
        leaving = len(looks) - FINE_S - 2
        if leaving > 0 and looks[leaving].at_ns - looks[leaving - 1].at_ns < COARSE_S * NANOS_PER_S:
            del looks[leaving]


def _latencies(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the latency of each stage that measures one, and of the whole way."""
    rows = [(str(row["stage"]), row["latency"]) for row in status.get("stages", ())[:STAGES_MAX]]
    rows.append((END_TO_END, status.get("end_to_end")))
    return {name: latency for name, latency in rows if latency is not None}


def _counted(latency: Mapping[str, Any]) -> Counted:
    return {str(name): array("Q", counts) for name, counts in latency["histograms"].items()}


def _between(then: Counted, now: Counted) -> list[int]:
    return total_of([since(counts, then.get(name, ())) for name, counts in now.items()])
