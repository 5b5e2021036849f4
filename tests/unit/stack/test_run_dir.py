import os
import stat
import subprocess
import sys

import pytest
from processes import wait_until

from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.stack.run_dir import (
    RUN_SCHEMA,
    GatewayAddress,
    NatsAddress,
    RunDir,
    RunState,
    ServiceState,
    disk_bytes,
)

STATE = RunState(
    pid=1,
    warden_pid=2,
    state="up",
    started_ns=3,
    data_dir="/d",
    source="synthetic:200",
    durability="process",
    request={"shards": 4},
    services=[ServiceState("nats", 4, "ready")],
    gateway=GatewayAddress("ws://h/v1/ws", "http://h"),
    nats=NatsAddress("nats://h:1", "u", "p"),
    postgres="postgresql://",
)
HOLD = """
import sys, time
from pathlib import Path
from ledgerflux.stack.run_dir import RunDir
with RunDir(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def run_dir(tmp_path):
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()
    return run_dir


@pytest.fixture
def holder(run_dir):
    """Yield another process that holds the directory."""
    command = [sys.executable, "-c", HOLD, str(run_dir.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_directory_is_made_private_and_marked(run_dir):
    assert stat.S_IMODE(run_dir.path.stat().st_mode) == 0o700
    assert run_dir.is_ours()
    run_dir.claim()


def test_an_empty_directory_may_be_claimed(tmp_path):
    RunDir(tmp_path).claim()
    assert RunDir(tmp_path).is_ours()


def test_a_directory_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="must start empty") as caught:
        RunDir(tmp_path).claim()
    assert caught.value.exit_code == 2


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be used"):
        RunDir(tmp_path / "file" / "lf").claim()


def test_the_state_comes_back_as_it_was_written(run_dir):
    assert run_dir.read() is None
    run_dir.write(STATE)
    assert run_dir.read() == STATE
    assert f'"schema": "{RUN_SCHEMA}"' in run_dir.run_path.read_text()
    assert stat.S_IMODE(run_dir.run_path.stat().st_mode) == 0o600
    run_dir.forget()
    run_dir.forget()
    assert run_dir.read() is None


def test_a_damaged_state_is_none(run_dir):
    run_dir.run_path.write_text('{"pid": ')
    assert run_dir.read() is None


def test_nobody_holds_a_directory_that_is_not_there(tmp_path):
    assert RunDir(tmp_path / "nowhere").holder() is None


def test_the_holder_is_named_and_keeps_others_out(run_dir, holder):
    assert run_dir.holder() == holder.pid
    with pytest.raises(Conflict, match=f"pid {holder.pid}"), run_dir.lock():
        pass


def test_the_lock_dies_with_its_holder(run_dir, holder):
    holder.kill()
    holder.wait()
    assert run_dir.holder() is None
    with run_dir.lock():
        pass


def test_the_lock_can_be_taken_again_after_it_was_let_go(run_dir):
    for _ in range(2):
        with run_dir.lock():
            assert run_dir.lock_path.read_text() == str(os.getpid())
        assert run_dir.lock_path.read_text() == ""
        assert run_dir.holder() is None


def test_children_do_not_inherit_the_lock(run_dir):
    with run_dir.lock():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    wait_until(lambda: run_dir.holder() is None)
    child.kill()
    child.wait()


def test_a_lock_file_that_was_deleted_meanwhile_is_not_the_lock(run_dir):
    descriptor = os.open(run_dir.lock_path, os.O_RDWR | os.O_CREAT)
    assert run_dir._is_lock(descriptor)
    run_dir.lock_path.unlink()
    assert not run_dir._is_lock(descriptor)
    os.close(descriptor)


def test_disk_use_counts_every_file(tmp_path):
    assert disk_bytes(tmp_path / "nowhere") == 0
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * 10_000)
    assert 10_000 <= disk_bytes(tmp_path) < 30_000


def test_nothing_runs_in_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert RunDir(path).holder() is None
    assert RunDir(path / "deeper").read() is None
    with pytest.raises(ConfigError, match="can't be used as a data directory"):
        RunDir(path).claim()
