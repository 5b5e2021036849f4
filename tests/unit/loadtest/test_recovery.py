"""The faults of a recovery test, made on real processes of a stack that answers as told."""

import asyncio
import signal
import subprocess
import sys
import time

import psutil
import pytest
from processes import until

from ledgerflux.loadtest import recovery
from ledgerflux.loadtest.recovery import Fault, Recovered, Recovery

ENDLESS = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(3600)"]


class _Stack:
    """Services as processes; one that was killed is back at the next look but `absences`."""

    def __init__(self, *names):
        self.processes = {name: subprocess.Popen(ENDLESS) for name in names}
        self.state = "healthy"
        self.absences = 0
        self.comes_back = True
        self.books = (2, 2)
        self.lag_ns = 0
        self.looks = 0

    @property
    def stalest_ns(self):
        return time.time_ns() - self.lag_ns

    async def look(self):
        self.looks += 1
        for name, process in list(self.processes.items()):
            if process.poll() is not None and self.comes_back:
                self.absences -= 1
                if self.absences < 0:
                    self.processes[name] = subprocess.Popen(ENDLESS)
        rows = [{"name": name, "pid": one.pid} for name, one in self.processes.items()]
        return {"state": self.state, "services": rows}

    def pid(self, name):
        return self.processes[name].pid

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def stack(monkeypatch):
    monkeypatch.setattr(recovery, "SETTLE_S", 0.0)
    monkeypatch.setattr(recovery, "POLL_S", 0.01)
    running = _Stack("ingest", "nats")
    yield running
    running.end()


def having(monkeypatch, *faults):
    monkeypatch.setattr(recovery, "FAULTS", faults)


async def test_a_killed_service_is_back_when_it_is_another_process(stack, monkeypatch):
    having(monkeypatch, Fault("restart ingest", "ingest"), Fault("NATS disconnection", "nats"))
    stack.absences = 3
    first = stack.processes["ingest"]
    work = Recovery(stack, stack)
    await work.run()
    assert first.returncode == -signal.SIGKILL
    assert [done.fault for done in work.done] == ["restart ingest", "NATS disconnection"]
    assert all(done.seconds is not None and 0 <= done.seconds < 10 for done in work.done)
    assert stack.looks > 3


async def test_a_stopped_service_goes_on_and_is_waited_for(stack, monkeypatch):
    having(monkeypatch, Fault("partition", "nats", stop_s=0.3))
    process = psutil.Process(stack.pid("nats"))
    work = Recovery(stack, stack)
    async with asyncio.TaskGroup() as group:
        group.create_task(work.run())
        await until(lambda: process.status() == psutil.STATUS_STOPPED)
    assert process.status() != psutil.STATUS_STOPPED
    assert work.done[0].seconds is not None


@pytest.mark.parametrize(
    "spoil",
    [
        {"comes_back": False},
        {"state": "degraded"},
        {"books": (1, 2)},
        {"books": (0, 0)},
        {"lag_ns": 3_600_000_000_000},
    ],
    ids=lambda spoil: next(iter(spoil)),
)
async def test_who_is_not_whole_in_time_ends_the_test(stack, monkeypatch, spoil):
    having(monkeypatch, Fault("restart ingest", "ingest"), Fault("never made", "nats"))
    monkeypatch.setattr(recovery, "GIVE_UP_S", 0.2)
    for name, value in spoil.items():
        setattr(stack, name, value)
    work = Recovery(stack, stack)
    await work.run()
    assert work.done == [Recovered("restart ingest", None)]
    assert stack.processes["nats"].poll() is None


async def test_a_service_that_nobody_knows_is_not_recovered(stack, monkeypatch):
    having(monkeypatch, Fault("restart gateway", "gateway"))
    work = Recovery(stack, stack)
    await work.run()
    assert work.done == [Recovered("restart gateway", None)]


async def test_every_fault_of_the_guide_is_made_of_a_service_that_a_stack_has():
    names = {fault.service for fault in recovery.FAULTS}
    assert names == {"ingest", "normalize-0", "snapshot", "gateway", "nats", "exchange"}
