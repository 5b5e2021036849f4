"""Faults made on a stack of our own, and how long until every client had everything again."""

import asyncio
import os
import signal
import time
from typing import NamedTuple

from ledgerflux.loadtest.measurement import Measurement
from ledgerflux.loadtest.observer import Observer

POLL_S = 0.1
GIVE_UP_S = 60.0
SETTLE_S = 2.0
"""Calm between two faults."""
PARTITION_S = 5.0


class Fault(NamedTuple):
    """A fault of the testing guide: a service killed, or stopped for `stop_s`."""

    name: str
    service: str
    stop_s: float = 0.0


class Recovered(NamedTuple):
    """Seconds from a fault's end to a healthy stack with fresh, live books; None: not in time."""

    fault: str
    seconds: float | None


FAULTS = (
    Fault("restart ingest", "ingest"),
    Fault("restart normalize-0", "normalize-0"),
    Fault("restart snapshot", "snapshot"),
    Fault("restart gateway", "gateway"),
    Fault("network partition of NATS", "nats", stop_s=PARTITION_S),
    Fault("NATS disconnection", "nats"),
    Fault("venue drops its sockets", "exchange"),
)


class Recovery:
    """Makes every fault in turn and measures how long it is felt."""

    def __init__(self, observer: Observer, measurement: Measurement) -> None:
        self._observer = observer
        self._measurement = measurement
        self.done: list[Recovered] = []

    async def run(self) -> None:
        """Make all faults; one that is not recovered from in time is the last."""
        await self._whole_after(0)
        for fault in FAULTS:
            seconds = await self._make(fault)
            self.done.append(Recovered(fault.name, seconds))
            if seconds is None:
                return
            await asyncio.sleep(SETTLE_S)

    async def _make(self, fault: Fault) -> float | None:
        status = await self._observer.look()
        services = {} if status is None else {row["name"]: row for row in status["services"]}
        pid = services.get(fault.service, {}).get("pid")
        if pid is None:
            return None
        if fault.stop_s:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(fault.stop_s)
            os.kill(pid, signal.SIGCONT)
        else:
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        gone_pid = None if fault.stop_s else pid
        whole = await self._whole_after(time.time_ns(), fault.service, gone_pid)
        return round(time.monotonic() - began, 2) if whole else None

    async def _whole_after(
        self, wall_ns: int, service: str = "", gone_pid: int | None = None
    ) -> bool:
        """Wait until the stack is healthy and every book has an update later than `wall_ns`."""
        deadline = time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            if self._is_fresh(wall_ns) and await self._is_healthy(service, gone_pid):
                return True
            await asyncio.sleep(POLL_S)
        return False

    def _is_fresh(self, wall_ns: int) -> bool:
        measurement = self._measurement
        live, books = measurement.books
        stalest_ns = measurement.stalest_ns
        return stalest_ns is not None and stalest_ns > wall_ns and 0 < books == live

    async def _is_healthy(self, service: str, gone_pid: int | None) -> bool:
        status = await self._observer.look()
        if status is None or status["state"] != "healthy":
            return False
        pids = {row["name"]: row["pid"] for row in status["services"]}
        return not service or pids.get(service) not in (None, gone_pid)
