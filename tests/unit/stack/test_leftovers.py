import subprocess
import sys

import msgspec

from ledgerflux.stack.leftovers import end_leftovers, processes_of
from ledgerflux.stack.run_dir import RunDir, RunState, ServiceState

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
