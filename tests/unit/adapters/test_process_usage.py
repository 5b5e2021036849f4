import time

import psutil

from ledgerflux.adapters import process_usage
from ledgerflux.adapters.process_usage import ProcessUsage, resident_bytes


def test_a_busy_process_uses_a_core_and_an_idle_one_nothing(monkeypatch):
    clock = {"now": 0, "used": 0}
    monkeypatch.setattr(time, "monotonic_ns", lambda: clock["now"])
    monkeypatch.setattr(time, "process_time_ns", lambda: clock["used"])
    usage = ProcessUsage()
    clock.update(now=1_000, used=250)
    assert usage().cpu == 0.25
    clock.update(now=2_000)
    assert usage().cpu == 0.0
    assert usage().cpu == 0.0


def test_the_resident_memory_is_the_systems_figure(monkeypatch):
    expected = psutil.Process().memory_info().rss
    assert abs(resident_bytes() - expected) < 8 * 1024 * 1024
    monkeypatch.setattr(process_usage, "_STATM", "/proc/none")
    assert abs(resident_bytes() - expected) < 8 * 1024 * 1024
