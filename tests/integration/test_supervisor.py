"""The supervisor with small real processes in the place of servers and roles."""

import asyncio
import os
import signal
import sys

import pytest
from processes import gone, naming

from ledgerflux.adapters.process import Child, Command
from ledgerflux.core.supervision import Service
from ledgerflux.errors import LedgerFluxError, MissingDependency, StackError, Timeout
from ledgerflux.stack.supervisor import Member, Supervisor
from ledgerflux.stack.warden import Warden

S = 1_000_000_000
UP = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + UP
HANGS = "import time; time.sleep(600)"
DIES = "import sys; sys.stderr.write('first words\\nlast words\\n'); sys.exit({code})"
ENDS = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"


class Script:
    """A runner of a small program, ready when it has touched a file named by its pid."""

    address = "here"

    def __init__(self, program, directory, name):
        self.program = program
        self.directory = directory
        self.name = name
        self.lives = 0

    async def launch(self, spawn):
        self.lives += 1
        self.sign = self.directory / f"{self.name}.{self.lives}.up"
        argv = (sys.executable, "-I", "-S", "-c", self.program, str(self.sign))
        return await spawn(Command(argv, self.directory / f"{self.name}.log"))

    async def wait_ready(self, child: Child):
        while not self.sign.exists():
            if child.returncode is not None:
                raise StackError("ended first")
            await asyncio.sleep(0.01)


class Refuses:
    """A runner whose program is not installed."""

    address = ""

    async def launch(self, spawn):
        raise MissingDependency("no wheel", try_next=["pip install it"])

    async def wait_ready(self, child):
        raise AssertionError("never launched")


class Absent(Script):
    """A runner of a program that does not exist."""

    async def launch(self, spawn):
        return await spawn(Command(("/no/such/program",), self.directory / "a.log"))


class Slow(Script):
    """A runner that prepares for a long time, and cleans up when that is cut short."""

    begun = cleaned_up = False

    async def launch(self, spawn):
        self.begun = True
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.1)
            self.cleaned_up = True
        return await super().launch(spawn)


class Bench:
    """A supervisor with its warden in a directory, and what it told."""

    def __init__(self, directory):
        self.directory = directory
        self.ready, self.deaths, self.changes = [], [], 0
        self.on_change = lambda: None

    def start(self, **runners):
        needs = {"b": ("a",), "c": ("a", "b")}
        members = []
        for name, runner in runners.items():
            made = Script(runner, self.directory, name) if isinstance(runner, str) else runner
            grace_ns = S // 2 if name == "a" else S // 4
            wanted = tuple(need for need in needs.get(name, ()) if need in runners)
            service = Service(name, wanted, grace_ns, ends=name == "ends")
            members.append(Member(service, made))
        self.warden = Warden(self.directory)
        self.supervisor = Supervisor(
            members,
            self.warden,
            on_change=self._changed,
            on_ready=lambda member, _: self.ready.append(member.service.name),
            on_death=lambda row: self.deaths.append((row.name, row.exit_code, row.state)),
        )
        return self.supervisor

    def _changed(self):
        self.changes += 1
        self.on_change()

    def states(self):
        return {row.name: row.state for row in self.supervisor.standings}

    def pid(self, name):
        return next(row.pid for row in self.supervisor.standings if row.name == name)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.warden.abandon()
    gone(tmp_path)


async def stopped(supervisor, running):
    supervisor.stop()
    async with asyncio.timeout(20):
        await running
    assert supervisor.down


async def test_services_start_in_order_and_stop_completely(bench, tmp_path):
    supervisor = bench.start(a=UP, b=UP, c=UP)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    assert bench.ready == ["a", "b", "c"]
    assert set(bench.states().values()) == {"ready"}
    assert bench.changes >= 6
    await stopped(supervisor, running)
    assert set(bench.states().values()) == {"stopped"}
    assert supervisor.killed == set()
    assert [p for p in naming(tmp_path) if p.pid != bench.warden.pid] == []
    assert bench.deaths == []


async def test_a_killed_service_comes_back_and_the_others_stay(bench):
    supervisor = bench.start(a=UP, b=UP)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    first_a, first_b = bench.pid("a"), bench.pid("b")
    os.kill(first_a, signal.SIGKILL)
    async with asyncio.timeout(10):
        while bench.ready != ["a", "b", "a"]:
            await asyncio.sleep(0.01)
    assert bench.deaths == [("a", -9, "restarting")]
    assert bench.pid("a") != first_a
    assert bench.pid("b") == first_b
    assert next(row.restarts for row in supervisor.standings if row.name == "a") == 1
    await stopped(supervisor, running)


async def test_a_service_that_does_not_stop_is_killed_after_its_grace(bench):
    supervisor = bench.start(a=UP, b=STUBBORN)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    await stopped(supervisor, running)
    assert supervisor.killed == {"b"}


async def test_force_does_not_wait_for_any_grace(bench):
    supervisor = bench.start(a=STUBBORN, b=STUBBORN)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    supervisor.force()
    async with asyncio.timeout(0.2):
        await running
    assert supervisor.down


@pytest.mark.parametrize(("code", "exit_code"), [(6, 6), (2, 2), (3, 3), (77, 1)])
async def test_a_service_that_cannot_start_is_told_with_its_last_words(bench, code, exit_code):
    supervisor = bench.start(a=DIES.format(code=code))
    running = asyncio.create_task(supervisor.run())
    with pytest.raises(StackError, match="first words\n    last words") as caught:
        await supervisor.wait_up(20)
    assert caught.value.exit_code == exit_code
    assert caught.value.code == "service_died"
    assert bench.states() == {"a": "failed"}
    await stopped(supervisor, running)


async def test_an_error_that_a_service_told_is_told_as_ours(bench):
    words = "sys.stderr.write('error[bad_recording]: it is empty\\n  next: x\\n')"
    supervisor = bench.start(a=f"import sys; {words}; sys.exit(2)")
    running = asyncio.create_task(supervisor.run())
    with pytest.raises(StackError, match="a did not start: it is empty") as caught:
        await supervisor.wait_up(20)
    assert (caught.value.code, caught.value.exit_code) == ("bad_recording", 2)
    await stopped(supervisor, running)


async def test_a_start_that_is_refused_is_told_as_it_is(bench):
    supervisor = bench.start(a=Refuses())
    running = asyncio.create_task(supervisor.run())
    with pytest.raises(MissingDependency) as caught:
        await supervisor.wait_up(10)
    assert caught.value.try_next == ("pip install it",)
    await stopped(supervisor, running)


async def test_a_program_that_is_not_there_is_an_error_of_ours(bench):
    supervisor = bench.start(a=Absent(UP, bench.directory, "a"))
    running = asyncio.create_task(supervisor.run())
    with pytest.raises(LedgerFluxError, match="can't be run"):
        await supervisor.wait_up(10)
    await stopped(supervisor, running)


async def test_a_start_that_takes_too_long_names_what_is_missing(bench):
    supervisor = bench.start(a=UP, b=HANGS, c=UP)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(10):
        while bench.states()["a"] != "ready":
            await asyncio.sleep(0.01)
    with pytest.raises(Timeout, match=r"not ready within 0.5 s: b, c"):
        await supervisor.wait_up(0.5)
    await stopped(supervisor, running)


async def test_a_stop_during_the_start_leaves_nothing(bench):
    slow = Slow(UP, bench.directory, "b")
    supervisor = bench.start(a=UP, b=slow)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(10):
        while not slow.begun:
            await asyncio.sleep(0.01)
    supervisor.stop()
    await asyncio.sleep(0.01)
    await stopped(supervisor, running)
    assert slow.cleaned_up
    assert bench.states() == {"a": "stopped", "b": "stopped"}


async def test_a_stop_before_a_start_has_begun_starts_nothing(bench):
    slow = Slow(UP, bench.directory, "b")
    supervisor = bench.start(a=UP, b=slow)
    bench.on_change = lambda: bench.states()["a"] == "ready" and supervisor.stop()
    async with asyncio.timeout(20):
        await supervisor.run()
    assert not slow.begun
    assert bench.states() == {"a": "stopped", "b": "stopped"}


async def test_the_end_of_work_is_waited_for(bench):
    supervisor = bench.start(ends=ENDS, a=UP)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(10):
        await supervisor.wait_ended("ends")
        await supervisor.wait_up(10)
    assert bench.states() == {"ends": "stopped", "a": "ready"}
    await stopped(supervisor, running)


async def test_the_way_out_after_an_error_kills_every_child(bench):
    supervisor = bench.start(a=STUBBORN)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    supervisor.kill_all()
    async with asyncio.timeout(5):
        while not bench.deaths:
            await asyncio.sleep(0.01)
    await stopped(supervisor, running)


async def test_a_service_is_started_anew_when_somebody_asks_and_nobody_calls_that_a_death(bench):
    supervisor = bench.start(a=UP, b=STUBBORN)
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_up(10)
    before = {name: bench.pid(name) for name in "ab"}
    assert supervisor.renew("b")
    async with asyncio.timeout(10):
        while bench.states()["b"] != "ready" or bench.pid("b") in (None, before["b"]):
            await asyncio.sleep(0.01)
    assert bench.pid("a") == before["a"]
    assert bench.deaths == []
    await stopped(supervisor, running)
    assert not supervisor.renew("b")
