"""Where a measurement runs, and what else ran there."""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

import ledgerflux
from ledgerflux.bench.evaluate import Machine

OTHERS_CORES_MAX = 0.3
"""With more in use by other programs a figure that misses its must proves nothing."""
LOOK_S = 1.0


class Neighbours:
    """What the machine did since this was made, beside us and a stack of ours.

    `stack_s` returns the CPU seconds of the stack so far: it is no child of this process.
    """

    def __init__(self, stack_s: Callable[[], float] = float) -> None:
        self._stack_s = stack_s
        self._then = time.monotonic(), _busy_s() - _own_s() - stack_s()

    def cores(self) -> float:
        """Return the cores in use by others."""
        begin, before_s = self._then
        others_s = _busy_s() - _own_s() - self._stack_s() - before_s
        return max(0.0, others_s) / max(time.monotonic() - begin, 1e-3)


def look() -> float:
    """Return the cores in use by others, while this process does nothing."""
    neighbours = Neighbours()
    time.sleep(LOOK_S)
    return neighbours.cores()


def doubt_of(others_cores: float) -> str:
    """Return why a figure can't be trusted beside `others_cores`; empty where it can."""
    if others_cores <= OTHERS_CORES_MAX:
        return ""
    return f"other programs used {others_cores:.2f} cores"


def machine_now(others_cores: float) -> Machine:
    """Return what this machine and this program are."""
    return Machine(
        cpu=_cpu_name(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        version=_version(),
        commit=_commit(),
        time=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        others_cores=round(others_cores, 2),
    )


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _own_s() -> float:
    """Return CPU seconds of this process and of its children that have ended."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2] for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.machine()).strip()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ledgerflux")
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    """Return the commit of the tree this runs from, with a + where files of it differ."""
    folder = Path(ledgerflux.__file__).parents[1]
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"
