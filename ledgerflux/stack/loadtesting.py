"""`lf loadtest` without its terminal: on a stack that runs, or on one of its own."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ledgerflux.errors import LedgerFluxError
from ledgerflux.loadtest.assemble import Target
from ledgerflux.loadtest.plan import LoadPlan
from ledgerflux.loadtest.report import Report
from ledgerflux.loadtest.run import LoadRun, View
from ledgerflux.loadtest.verdict import Slo
from ledgerflux.settings import UpRequest
from ledgerflux.stack.events import Event
from ledgerflux.stack.handmade import reach
from ledgerflux.stack.run_dir import RunDir, RunState
from ledgerflux.stack.up import run_stack

START_TIMEOUT_S = 90.0


def running_target(run_dir: RunDir) -> Target | None:
    """Return the gateway of the stack in `run_dir`, None where none runs."""
    state = run_dir.read()
    if state is None or not run_dir.is_up(state):
        return None
    found = next(iter(reach(run_dir)), None)
    if found is None:
        return None
    speed = state.request.get("speed", 1.0)
    return Target(found.http, speed=None if speed == "max" else float(speed))


class LoadTest:
    """A load test and whatever of a report there is; `run` may be called once."""

    def __init__(self, plan: LoadPlan, slos: Sequence[Slo], tell: Callable[[View], None]) -> None:
        self._plan = plan
        self._slos = slos
        self._tell = tell
        self._run: LoadRun | None = None
        self._error: LedgerFluxError | None = None

    @property
    def report(self) -> Report | None:
        """Return the report, of an interrupted test the one so far."""
        return None if self._run is None else self._run.report

    def write_histogram(self, path: str) -> None:
        """Write the distribution of latencies as HDR tools plot it."""
        if self._run is not None and self._run.measurement is not None:
            self._run.measurement.latency.write(path)

    def on(self, target: Target) -> None:
        """Test the gateway of a stack that runs.

        Raises:
            GatewayError: No gateway answers.
            KeyboardInterrupt: Interrupted; the report so far is there.
        """
        asyncio.run(self._test(target))

    def on_own_stack(self, asked: UpRequest, tell_stack: Callable[[Event], None]) -> None:
        """Test a stack that is started for it in a directory of its own, and deleted after it.

        It is a child of this process: whatever becomes of that, nothing of it stays alive.

        Raises:
            LedgerFluxError: It does not start, or the test failed.
            KeyboardInterrupt: Interrupted; the report so far is there.
        """
        directory = Path(tempfile.mkdtemp(prefix="lf-loadtest-"))
        try:
            run_stack(
                asked,
                RunDir(directory / "data"),
                wait_timeout_s=START_TIMEOUT_S,
                tell=tell_stack,
                while_up=self._while_up,
            )
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        if self._error is not None:
            raise self._error
        if self.report is None or self.report.verdict == "interrupted":
            raise KeyboardInterrupt

    async def _while_up(self, state: RunState) -> None:
        """Test, then let the stack stop, by the signal it is told with."""
        assert state.gateway is not None
        try:
            await self._test(Target(state.gateway.http, own_stack=True))
        except LedgerFluxError as error:
            self._error = error
        os.kill(os.getpid(), signal.SIGTERM)

    async def _test(self, target: Target) -> None:
        self._run = LoadRun(self._plan, self._slos, target, self._tell)
        await self._run.run()
