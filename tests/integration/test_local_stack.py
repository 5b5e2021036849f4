"""A local stack with real servers, a real warden, and stand-ins for the roles."""

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest
from processes import gone, naming, until

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.errors import StackError, Timeout
from ledgerflux.settings import UpRequest
from ledgerflux.stack import local
from ledgerflux.stack.events import ServiceDied, ServiceReady, Stopping, Up
from ledgerflux.stack.link import Connection
from ledgerflux.stack.local import LocalStack
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.health import HEALTH_BUCKET, SupervisorHealth

ROLE_COMMAND = (sys.executable, str(Path(__file__).parents[1] / "standin_role.py"))


@asynccontextmanager
async def connect(access):
    async with NatsBus.open(access.url, user=access.user, password=access.password) as bus:
        yield Connection(bus, partial(prepare, bus))


class Running:
    """A stack at work in a task of this test's loop."""

    def __init__(self, directory):
        self.run_dir = RunDir(directory / "lf")
        self.run_dir.claim()
        self.run_dir.logs.mkdir()
        self.events = []
        self.task = None

    def behave(self, role, behaviour):
        (self.run_dir.path.parent / f"{role}.behaviour").write_text(behaviour)

    def start(self, *, wait_timeout_s=30, while_up=None, **asked):
        request = UpRequest(shards=2, **asked)
        self.stack = LocalStack(
            request,
            self.run_dir,
            asked=request,
            ports={"gateway": 8123},
            connect=connect,
            tell=self.events.append,
            role_command=ROLE_COMMAND,
        )
        run = self.stack.run(wait_timeout_s=wait_timeout_s, while_up=while_up)
        self.task = asyncio.create_task(run)

    async def up(self):
        async def is_up():
            return self.task.done() or any(isinstance(event, Up) for event in self.events)

        await until(is_up, 30)
        assert not self.task.done(), self.task.exception()

    def state(self):
        return self.run_dir.read()

    def pid(self, name):
        return next(service.pid for service in self.state().services if service.name == name)

    def names_of(self, kind):
        return [event.name for event in self.events if isinstance(event, kind)]


@pytest.fixture
async def running(tmp_path):
    running = Running(tmp_path)
    yield running
    if running.task is not None and not running.task.done():
        running.stack.ask_to_stop("test")
        running.stack.ask_to_stop("test")
        await asyncio.wait([running.task])
    for process in naming(running.run_dir.path):
        process.kill()


async def test_everything_comes_up_is_described_and_goes_again(running):
    seen = []

    async def while_up(state):
        seen.append(state.state)
        await asyncio.sleep(600)

    running.start(while_up=while_up)
    await running.up()
    state = running.state()
    assert state.state == "up"
    assert state.pid == os.getpid()
    assert [service.state for service in state.services] == ["ready"] * 8
    assert state.gateway.ws == "ws://127.0.0.1:8123/v1/ws"
    assert state.nats.url.startswith("nats://127.0.0.1:")
    assert state.postgres.startswith("postgresql://")
    assert set(running.names_of(ServiceReady)) == {service.name for service in state.services}
    ready = {event.name: event for event in running.events if isinstance(event, ServiceReady)}
    assert ready["gateway"].address == state.gateway.ws
    assert ready["normalize-1"].address == "BTC-USD"
    await until(partial(_is, lambda: seen == ["up"]))
    for process in (service.pid for service in state.services):
        assert str(running.run_dir.path) in " ".join(psutil.Process(process).cmdline())
    running.stack.ask_to_stop("test")
    async with asyncio.timeout(5):
        assert await running.task == 0
    assert isinstance(running.events[-1], Stopping)
    gone(running.run_dir.path, 0.5)
    assert running.state() is None


async def _is(condition):
    return condition()


async def test_the_supervisor_writes_its_own_health(running):
    running.start(services=("nats", "gateway"))
    await running.up()
    nats = running.state().nats
    async with NatsBus.open(nats.url, user=nats.user, password=nats.password) as bus:

        async def written():
            return await bus.get(HEALTH_BUCKET, "supervisor.local")

        await until(written)
        health = msgspec.json.decode(await written(), type=SupervisorHealth)
    assert [service.name for service in health.services] == ["nats", "gateway"]
    assert health.pid == os.getpid()
    assert (health.source, health.durability, health.shards) == ("synthetic:200", "process", 2)
    assert health.services[0].rss_bytes > 1_000_000


async def test_what_becomes_of_a_child_is_told_when_it_happens(running, monkeypatch):
    monkeypatch.setattr(local, "HEALTH_EVERY_S", 3600.0)
    running.start(services=("nats", "normalize"))
    await running.up()
    nats, killed = running.state().nats, running.pid("normalize-0")
    async with (
        NatsBus.open(nats.url, user=nats.user, password=nats.password) as bus,
        bus.subscribe(f"$KV.{HEALTH_BUCKET}.supervisor.local") as records,
        asyncio.timeout(20),
    ):
        os.kill(killed, signal.SIGKILL)
        told = []
        async for _, payload in records:
            health = msgspec.json.decode(payload, type=SupervisorHealth)
            row = next(row for row in health.services if row.name == "normalize-0")
            if row.last_exit is not None:
                told.append(row)
            if told and row.state == "ready":
                break
    assert (told[0].state, told[0].pid) == ("restarting", None)
    assert told[0].last_exit.code == -signal.SIGKILL
    assert abs(time.time_ns() - told[0].last_exit.time_ns) < 20_000_000_000
    assert told[-1].pid not in (None, killed)


async def test_a_killed_role_and_a_killed_server_come_back(running):
    running.start(services=("normalize", "gateway"))
    await running.up()
    nats, gateway = running.pid("nats"), running.pid("gateway")
    url = running.state().nats.url
    os.kill(running.pid("normalize-0"), signal.SIGKILL)
    os.kill(nats, signal.SIGKILL)

    async def back():
        again = {e.name for e in running.events if isinstance(e, ServiceReady) and e.again}
        return {"nats", "normalize-0"} <= again

    await until(back, 20)
    assert set(running.names_of(ServiceDied)) >= {"nats", "normalize-0"}
    assert running.state().nats.url == url
    assert running.pid("nats") != nats
    assert running.pid("gateway") == gateway


async def test_a_role_that_cannot_start_brings_everything_down_with_its_words(running):
    running.behave("gateway", "exit 6")
    running.start()
    with pytest.raises(StackError, match="told to exit") as caught:
        await running.task
    assert caught.value.exit_code == 6
    gone(running.run_dir.path, 0.5)
    assert running.state() is None


@pytest.mark.slow
async def test_a_start_that_takes_too_long_leaves_no_half_stack(running):
    running.behave("ingest", "silent")
    running.start(wait_timeout_s=4)
    with pytest.raises(Timeout, match="ingest"):
        await running.task
    gone(running.run_dir.path, 0.5)


async def test_an_interrupted_start_leaves_no_half_stack(running):
    running.behave("ingest", "silent")
    running.start()

    async def begun():
        return "exchange" in running.names_of(ServiceReady)

    await until(begun, 20)
    running.stack.ask_to_stop("SIGINT")
    assert await running.task == 130
    gone(running.run_dir.path, 0.5)


@pytest.mark.slow
async def test_a_role_that_does_not_drain_is_killed_and_told(running):
    running.behave("gateway", "stubborn")
    running.start(services=("gateway",))
    await running.up()
    running.stack.ask_to_stop("SIGTERM")
    async with asyncio.timeout(5):
        assert await running.task == 1
    gone(running.run_dir.path, 0.5)


async def test_the_second_signal_does_not_wait(running):
    running.behave("gateway", "stubborn")
    running.start(services=("gateway",))
    await running.up()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(1.5):
        assert await running.task == 130
    gone(running.run_dir.path, 0.5)


@pytest.mark.slow
async def test_a_stack_that_is_to_exit_ends_when_all_of_a_recording_is_through(running):
    running.behave("exchange", "end")
    running.start(at_end="exit")
    await running.up()
    async with asyncio.timeout(20):
        assert await running.task == 0
    gone(running.run_dir.path, 0.5)


async def test_what_a_killed_supervisor_left_is_ended_before_the_next_start(running):
    running.start(services=("nats", "postgres"))
    await running.up()
    old = running.state()
    running.stack._warden._process.kill()
    running.stack._warden._process.wait()
    running.task.cancel()
    # The way out kills what it can; a process of the same directory stands for what it can't.
    await asyncio.wait([running.task])
    left = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)", str(running.run_dir.path)
    )
    service = msgspec.structs.replace(old.services[0], pid=left.pid)
    running.run_dir.write(msgspec.structs.replace(old, services=[service]))
    running.events.clear()
    running.start(services=("nats", "postgres"))
    await running.up()
    # 255: whoever ended it has also waited for it, and taken its exit code along.
    assert await left.wait() in (-signal.SIGTERM, 255)
