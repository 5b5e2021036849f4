"""One load test from its first look at the gateway to its report."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ledgerflux.client.addresses import get_json, websocket_url
from ledgerflux.errors import ConfigError
from ledgerflux.loadtest.assemble import Facts, Target, assemble
from ledgerflux.loadtest.measurement import Measurement
from ledgerflux.loadtest.observer import Observer
from ledgerflux.loadtest.orders import Final, Finish, Order, Progress
from ledgerflux.loadtest.plan import LoadPlan, Times, orders
from ledgerflux.loadtest.processes import started
from ledgerflux.loadtest.recovery import Recovery
from ledgerflux.loadtest.report import Report
from ledgerflux.loadtest.verdict import Slo
from ledgerflux.model.units import NANOS_PER_S

TICK_S = 0.25
FAST_TICK_S = 0.1
BEGIN_S = 0.1
FINISH_TIMEOUT_S = 8.0
ENDLESS_S = 3600.0
SYNTHETIC = "synthetic"


class View(NamedTuple):
    """What a live screen shows: seconds measured of how many, and everything so far."""

    seconds: float
    duration_s: float
    measurement: Measurement
    status: Mapping[str, Any] | None


class LoadRun:
    """Runs `plan` against `target`; `report` is there when it has ended, however it ended.

    `tell` is called four times a second with what is known so far.
    """

    def __init__(
        self, plan: LoadPlan, slos: Sequence[Slo], target: Target, tell: Callable[[View], None]
    ) -> None:
        self._plan = plan
        self._slos = slos
        self._target = target
        self._tell = tell
        self._jump_ms = 0.0
        self.report: Report | None = None
        self.measurement: Measurement | None = None

    async def run(self) -> Report:
        """Run to the end; cancelled, the report so far is there all the same.

        Raises:
            GatewayError: No gateway answers.
            ConfigError: It does not serve a product asked for.
            LedgerFluxError: A worker died.
        """
        status = await asyncio.to_thread(get_json, self._target.address, "/v1/status")
        served = self._served(status)
        async with started(self._plan.processes) as workers:
            times = self._times()
            observer = Observer(self._target.address, times.from_ns, times.until_ns)
            measured = Measurement(self._plan.processes, times.from_ns, times.until_ns)
            self.measurement = measured
            planned = str(status["source"]).startswith(SYNTHETIC) and self._target.speed == 1.0
            recovery = Recovery(observer, measured) if self._recovers else None
            source, count = str(status["source"]), len(served)
            facts = Facts(self._plan, self._target, times, source, planned=planned, served=count)
            given = self._orders(served, times, planned=planned)
            interrupted = True
            try:
                async with asyncio.TaskGroup() as group:
                    reading = group.create_task(workers.follow(given, self._take))
                    looking = group.create_task(observer.run())
                    faults = None if recovery is None else group.create_task(recovery.run())
                    try:
                        await self._watch(observer, times, faults)
                        workers.finish(Finish(await observer.heads()))
                        await asyncio.wait([reading], timeout=FINISH_TIMEOUT_S)
                        interrupted = False
                    except asyncio.CancelledError:
                        workers.finish(Finish())
                        await asyncio.wait([reading], timeout=FINISH_TIMEOUT_S)
                        raise
                    looking.cancel()
                    reading.cancel()
            except BaseExceptionGroup as errors:
                raise _first(errors) from None
            finally:
                ended = facts.ended(time.monotonic_ns(), self._jump_ms, interrupted=interrupted)
                made = recovery.done if recovery is not None else []
                self.report = assemble(ended, measured, observer, self._slos, made)
        return self.report

    @property
    def _recovers(self) -> bool:
        return self._plan.scenario == "recovery"

    def _served(self, status: Mapping[str, Any]) -> list[str]:
        served = sorted(status["heads"])
        asked = () if self._plan.each is not None else self._plan.products
        unknown = [product for product in asked if product not in served]
        if unknown:
            raise ConfigError(
                f"--products: the gateway does not serve {', '.join(unknown)}; "
                f"it serves {', '.join(served)}",
                code="bad_argument",
            )
        return served

    def _times(self) -> Times:
        now_ns = time.monotonic_ns()
        begin_ns = now_ns + round(BEGIN_S * NANOS_PER_S)
        from_ns = begin_ns + round(self._plan.ramp_s * NANOS_PER_S)
        seconds = ENDLESS_S if self._recovers else self._plan.duration_s
        until_ns = from_ns + round(seconds * NANOS_PER_S)
        return Times(begin_ns, from_ns, until_ns, _wall_offset_ns())

    def _orders(self, served: Sequence[str], times: Times, *, planned: bool) -> list[Order]:
        url = websocket_url(self._target.address)
        tick_s = FAST_TICK_S if self._recovers else TICK_S
        return orders(self._plan, url, served, times, planned=planned, tick_s=tick_s)

    def _take(self, worker: int, line: Progress | Final) -> None:
        assert self.measurement is not None
        if isinstance(line, Final):
            self.measurement.finish(worker, line)
        else:
            self.measurement.take(worker, line)

    async def _watch(
        self, observer: Observer, times: Times, faults: "asyncio.Task[None] | None"
    ) -> None:
        """Look on until the measured time is over."""
        while not self._over(times, faults):
            self._look_at_clock(times)
            self._tell(self._view(times, observer))
            await asyncio.sleep(TICK_S)

    def _over(self, times: Times, faults: "asyncio.Task[None] | None") -> bool:
        if faults is not None:
            return faults.done()
        return time.monotonic_ns() >= times.until_ns

    def _look_at_clock(self, times: Times) -> None:
        jump_ms = (_wall_offset_ns() - times.wall_offset_ns) / 1e6
        if abs(jump_ms) > abs(self._jump_ms):
            self._jump_ms = jump_ms

    def _view(self, times: Times, observer: Observer) -> View:
        assert self.measurement is not None
        seconds = (time.monotonic_ns() - times.from_ns) / NANOS_PER_S
        return View(seconds, self._plan.duration_s, self.measurement, observer.newest)


def _wall_offset_ns() -> int:
    """Return the wall clock minus the monotonic one, as well as both can be read together."""
    before_ns = time.monotonic_ns()
    wall_ns = time.time_ns()
    return wall_ns - (before_ns + time.monotonic_ns()) // 2


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, however deep."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
