import subprocess
import sys

import msgspec

from ledgerflux.stack.leftovers import (
    NURSERY_MODULE,
    ROLE_MARK,
    WARDEN_PROGRAM,
    end_leftovers,
    processes_in,
    processes_of,
    service_of,
)
from ledgerflux.stack.members import ROLE_COMMAND
from ledgerflux.stack.nursery import NURSERY_COMMAND
from ledgerflux.stack.run_dir import RunDir, RunState, ServiceState
from ledgerflux.stack.warden import PROGRAM

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(600)"
)
OBEDIENT = "import time; print('up', flush=True); time.sleep(600)"


def spawn(program, *words):
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, *map(str, words)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def state(run_dir, services, warden_pid=2**22 + 1):
    return RunState(1, warden_pid, "up", 3, str(run_dir.path), "s", "process", {}, services)


def test_without_a_run_there_is_nothing_left(tmp_path):
    assert processes_of(None, tmp_path) == {}
    assert end_leftovers(RunDir(tmp_path)) == []


def test_only_what_names_the_directory_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("ledgerflux.stack.leftovers.GRACE_S", 0.3)
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()
    ours, stubborn = spawn(OBEDIENT, run_dir.path), spawn(STUBBORN, run_dir.path)
    stranger, warden = spawn(OBEDIENT, "/elsewhere"), spawn(OBEDIENT, run_dir.path)
    services = [
        ServiceState("nats", ours.pid, "ready"),
        ServiceState("postgres", stubborn.pid, "ready"),
        ServiceState("ingest", stranger.pid, "ready"),
        ServiceState("gateway", None, "starting"),
        ServiceState("snapshot", 2**22 + 2, "ready"),
    ]
    run_dir.write(state(run_dir, services, warden.pid))
    assert set(processes_of(run_dir.read(), run_dir.path)) == {"nats", "postgres", "warden"}
    assert end_leftovers(run_dir) == ["nats", "postgres"]
    assert ours.poll() is not None
    assert stubborn.poll() is not None
    assert stranger.poll() is None
    for process in (stranger, warden, ours, stubborn):
        process.kill()
        process.communicate()


def test_a_state_survives_the_way_through_json(tmp_path):
    made = state(RunDir(tmp_path), [ServiceState("nats", 4, "ready")])
    assert msgspec.json.decode(msgspec.json.encode(made), type=RunState) == made


def test_without_a_readable_file_the_stack_is_found_by_its_commands(tmp_path):
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()
    ours = spawn(OBEDIENT, "-c", run_dir.nats / "nats.conf")
    stranger = spawn(OBEDIENT, run_dir.path)
    run_dir.run_path.write_text("{ this is half a fi")
    assert {name: process.pid for name, process in processes_in(run_dir).items()} == {
        "nats": ours.pid
    }
    assert end_leftovers(run_dir) == ["nats"]
    assert stranger.poll() is None
    for process in (stranger, ours):
        process.kill()
        process.communicate()


def test_a_service_is_known_by_its_command_and_its_directory(tmp_path):
    run_dir, other = RunDir(tmp_path / "lf"), RunDir(tmp_path / "lf2")
    role = [*ROLE_COMMAND, "normalize", "--data-dir", str(run_dir.path), "--shard", "3"]
    assert service_of(role, run_dir) == "normalize-3"
    assert service_of(role, other) == ""
    assert service_of([*ROLE_COMMAND, "gateway", "--data-dir", str(run_dir.path)], run_dir) == (
        "gateway"
    )
    by_hand = ["lf", "run", "gateway", "--data-dir", str(run_dir.path)]
    assert service_of(by_hand, run_dir) == ""
    assert service_of(["postgres", "-D", str(run_dir.postgres / "data")], run_dir) == "postgres"
    assert service_of(["python", "-I", str(PROGRAM), str(run_dir.path)], run_dir) == "warden"
    assert service_of([*NURSERY_COMMAND, str(run_dir.path)], run_dir) == "nursery"
    assert service_of([], run_dir) == ""


def test_the_marks_are_those_of_the_programs_that_are_started():
    assert ROLE_COMMAND[1:] == ROLE_MARK
    assert PROGRAM.name == WARDEN_PROGRAM
    assert NURSERY_COMMAND[-1] == NURSERY_MODULE
