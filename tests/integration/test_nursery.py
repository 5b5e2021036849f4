"""Roles forked from a nursery: real processes, real signals, no servers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager

import msgspec
import psutil
import pytest
from processes import gone, naming, until
from stack_states import STATE

from ledgerflux.adapters.process import Command
from ledgerflux.stack.members import ROLE_COMMAND
from ledgerflux.stack.nursery import NURSERY_COMMAND, Nursery
from ledgerflux.stack.run_dir import NatsAddress, RunDir

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="roles are forked on Linux only")


class House:
    """A directory with a nursery, and a NATS in it that takes connections and says nothing."""

    def __init__(self, path):
        self.run_dir = RunDir(path)
        self.run_dir.claim()
        self.run_dir.logs.mkdir()
        self.mute = socket.create_server(("127.0.0.1", 0))
        url = f"nats://127.0.0.1:{self.mute.getsockname()[1]}"
        self.run_dir.write(msgspec.structs.replace(STATE, nats=NatsAddress(url, "u", "p")))
        self.nursery = Nursery(path, self.run_dir.log("nursery"))

    def role(self, name, *flags):
        log = self.run_dir.log(name)
        argv = (*ROLE_COMMAND, name, "--data-dir", str(self.run_dir.path), *flags)
        return Command(argv, log)

    def nurseries(self):
        """The nursery itself, not who was forked from it."""
        return [
            process
            for process in naming(self.run_dir.path)
            if process.ppid() == os.getpid() and NURSERY_COMMAND[-1] in process.cmdline()
        ]


@asynccontextmanager
async def nursing(path):
    house = House(path)
    with house.mute:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(house.nursery.run())
            yield house
            await house.nursery.close()
            await running
    gone(path)


async def test_a_forked_role_ends_with_its_own_code_and_its_words_are_in_its_log(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        child = await house.nursery.spawn(house.role("normalize", "--shard", "7", "--shards", "4"))
        codes = [await child.wait()]
        house.run_dir.forget()
        child = await house.nursery.spawn(house.role("snapshot"))
        codes.append(await child.wait())
        assert child.returncode == codes[1] == 3
        assert "error[not_running]: no NATS is known" in house.run_dir.log("snapshot").read_text()
        assert codes[0] != 0
        assert house.run_dir.log("normalize").stat().st_size > 0


async def test_a_role_that_ends_before_anybody_heard_of_its_start_is_a_child_that_ended(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        house.run_dir.forget()
        first = await house.nursery.spawn(house.role("snapshot"))
        await first.wait()
        start = asyncio.create_task(house.nursery.spawn(house.role("snapshot")))
        await asyncio.sleep(0)  # the order is out
        [nursery] = house.nurseries()
        while nursery.children() or nursery.status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        time.sleep(1)
        child = await start
        assert await child.wait() == 3


async def test_a_forked_role_is_a_process_of_its_own_and_obeys_signals(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        asked = await house.nursery.spawn(house.role("gateway"))
        killed = await house.nursery.spawn(house.role("ingest"))
        [nursery] = house.nurseries()
        assert psutil.Process(asked.pid).ppid() == nursery.pid
        await until(lambda: _names(asked, killed) == ["lf gateway", "lf ingest"])
        assert len({os.getsid(pid) for pid in (asked.pid, killed.pid, nursery.pid)}) == 3
        assert asked.returncode is None
        killed.kill()
        assert await killed.wait() == -signal.SIGKILL
        asked.ask_to_stop()
        await asked.wait()
        asked.ask_to_stop()  # nobody to ask
        await until(lambda: [nursery] == naming(house.run_dir.path))


async def test_what_is_no_role_is_started_as_a_program(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        argv = (sys.executable, "-I", "-S", "-c", "import os; print(os.getppid())")
        child = await house.nursery.spawn(Command(argv, tmp_path / "other.log"))
        assert await child.wait() == 0
        assert (tmp_path / "other.log").read_text() == f"{os.getpid()}\n"


async def test_a_nursery_that_is_closed_while_it_starts_ends(tmp_path):
    house = House(tmp_path / "lf")
    with house.mute:
        running = asyncio.create_task(house.nursery.run())
        await asyncio.sleep(0)  # its process is being made
        await house.nursery.close()
        await asyncio.wait_for(running, 10)
    gone(tmp_path)


async def test_roles_of_another_command_need_no_nursery(tmp_path):
    role_command = (sys.executable, "-I", "-S", "-c", "import sys; sys.exit(4)")
    nursery = Nursery(tmp_path, tmp_path / "nursery.log", role_command=role_command)
    await nursery.run()
    child = await nursery.spawn(Command((*role_command, "normalize"), tmp_path / "role.log"))
    assert await child.wait() == 4
    await nursery.close()
    assert naming(tmp_path) == []


async def test_with_a_nursery_that_was_killed_go_its_roles_and_others_are_programs(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        forked = await house.nursery.spawn(house.role("gateway"))
        house.nurseries()[0].kill()
        assert await forked.wait() == -signal.SIGKILL
        await until(lambda: naming(house.run_dir.path) == [])
        program = await house.nursery.spawn(house.role("gateway"))
        assert psutil.Process(program.pid).ppid() == os.getpid()
        program.kill()
        assert await program.wait() == -signal.SIGKILL


async def test_a_start_that_is_cut_short_leaves_no_role(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        first = await house.nursery.spawn(house.role("gateway"))
        start = asyncio.create_task(house.nursery.spawn(house.role("ingest")))
        await asyncio.sleep(0)  # the order is out
        start.cancel()
        await asyncio.wait([start])
        assert start.cancelled()
        first.kill()
        await first.wait()
        [nursery] = house.nurseries()
        await until(lambda: [nursery] == naming(house.run_dir.path))


async def test_roles_that_nobody_asks_end_soon_after_their_supervisor_died(tmp_path):
    async with nursing(tmp_path / "lf") as house:
        order = msgspec.json.encode(
            {"arguments": list(house.role("gateway").argv[4:]), "log": str(tmp_path / "role.log")}
        )
        with subprocess.Popen(
            [*NURSERY_COMMAND, str(tmp_path / "lf")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as nursery:
            assert nursery.stdin is not None
            assert nursery.stdout is not None
            assert nursery.stdout.readline() == b"ready\n"
            nursery.stdin.write(order + b"\n")
            nursery.stdin.flush()
            pid = int(nursery.stdout.readline())
            await until(lambda: psutil.Process(pid).name() == "lf gateway")
            os.kill(pid, signal.SIGSTOP)  # it would not hear anybody
            nursery.stdin.close()
            await asyncio.to_thread(nursery.wait, 20)
        [ours] = house.nurseries()
        await until(lambda: [ours] == naming(house.run_dir.path))


def _names(*children):
    return [psutil.Process(child.pid).name() for child in children]
