"""Nothing outlives a supervisor that was killed: real processes, real signals."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
from processes import gone, naming, wait_until

from ledgerflux.stack.warden import PROGRAM, Warden

OBEDIENT = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(600)"
)
SUPERVISOR = textwrap.dedent(
    """
    import signal, subprocess, sys, time
    from pathlib import Path
    from ledgerflux.stack.warden import Warden

    warden = Warden(Path(sys.argv[1]))
    for program in sys.argv[2:]:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, sys.argv[1]],
            stdout=subprocess.PIPE, start_new_session=True,
        )
        child.stdout.readline()
        warden.add(child.pid, signal.SIGTERM)
    print("up", flush=True)
    time.sleep(600)
    """
)


@pytest.fixture
def supervisor(tmp_path):
    """Yield a supervisor stand-in with one obedient and one stubborn child."""
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), OBEDIENT, STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process
        process.kill()
    for left in naming(tmp_path):
        left.kill()


def spawn(program, *words):
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, *map(str, words)], start_new_session=True
    )


def test_nothing_is_alive_five_seconds_after_the_supervisor_was_killed(supervisor, tmp_path):
    assert len(naming(tmp_path)) == 4  # itself, its warden, two children
    supervisor.kill()
    supervisor.wait()
    gone(tmp_path, 5.0)


def test_the_end_of_the_terminal_session_does_not_end_the_warden(supervisor, tmp_path):
    warden = next(p for p in naming(tmp_path) if str(PROGRAM) in p.cmdline())
    for signum in (signal.SIGINT, signal.SIGHUP):
        warden.send_signal(signum)
    assert os.getsid(warden.pid) == warden.pid
    supervisor.kill()
    supervisor.wait()
    gone(tmp_path, 5.0)


def test_the_warden_is_small(supervisor, tmp_path):
    warden = next(p for p in naming(tmp_path) if str(PROGRAM) in p.cmdline())
    assert warden.memory_info().rss < 15_000_000


def test_a_warden_that_was_sent_home_leaves_everything_alone(tmp_path):
    warden = Warden(tmp_path)
    child = spawn(OBEDIENT, tmp_path)
    warden.add(child.pid, signal.SIGTERM)
    warden.dismiss()
    assert not psutil.pid_exists(warden.pid)
    assert child.poll() is None
    child.kill()
    child.wait()


def test_what_has_ended_or_does_not_name_the_directory_is_left_alone(tmp_path):
    warden = Warden(tmp_path)
    stranger, ended = spawn(OBEDIENT, "/somewhere/else"), spawn("pass", tmp_path)
    warden.add(stranger.pid, signal.SIGTERM)
    warden.add(ended.pid, signal.SIGTERM)
    ended.wait()
    warden.remove(ended.pid)
    warden.remove(ended.pid)
    warden.abandon()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_each_child_gets_its_own_stop_signal(tmp_path):
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(33))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)"
    )
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        warden = Warden(tmp_path)
        warden.add(child.pid, signal.SIGINT)
        warden.abandon()
        assert child.wait(timeout=3) == 33


def test_a_warden_that_died_is_replaced_and_told_everything(tmp_path):
    warden = Warden(tmp_path)
    child = spawn(OBEDIENT, tmp_path)
    warden.add(child.pid, signal.SIGTERM)
    first = warden.pid
    warden.keep_alive()
    assert warden.pid == first
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
    warden.add(child.pid, signal.SIGTERM)  # into a broken pipe: nothing breaks
    warden.keep_alive()
    assert warden.pid != first
    warden.abandon()
    assert child.wait(timeout=3) == -signal.SIGTERM


def test_it_starts_at_once(tmp_path):
    began = time.monotonic()
    warden = Warden(tmp_path)
    assert time.monotonic() - began < 0.5
    warden.dismiss()
