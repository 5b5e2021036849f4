import os
import signal
import stat
import sys
from functools import partial

import pytest
from processes import until

from ledgerflux.adapters import log_files
from ledgerflux.adapters.process import Child, Command, last_lines


def command(tmp_path, program, **more):
    argv = (sys.executable, "-I", "-S", "-c", program, str(tmp_path))
    return Command(argv, tmp_path / "logs" / "x.log", **more)


async def _has_spoken(child):
    return last_lines(child.command.log)


async def test_output_and_errors_go_to_the_log_behind_what_was_there(tmp_path):
    for word in ("first", "second"):
        program = f"import sys; print('{word}'); print('{word} error', file=sys.stderr)"
        child = await Child.spawn(command(tmp_path, program))
        assert await child.wait() == 0
    log = tmp_path / "logs" / "x.log"
    assert sorted(log.read_text().splitlines()) == [
        "first", "first error", "second", "second error",
    ]  # fmt: skip
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_child_has_a_session_of_its_own_and_no_input(tmp_path):
    program = "import os, sys; sys.exit(10 * (os.getsid(0) == os.getpid()) + len(sys.stdin.read()))"
    child = await Child.spawn(command(tmp_path, program))
    assert await child.wait() == 10


async def test_the_environment_can_be_given(tmp_path):
    program = "import os, sys; sys.exit(int(os.environ['CODE']))"
    child = await Child.spawn(command(tmp_path, program, environment={"CODE": "7"}))
    assert await child.wait() == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_child_can_be_another_user(tmp_path):
    argv = ("/bin/sh", "-c", "id -u; id -g; id -G")
    child = await Child.spawn(Command(argv, tmp_path / "log", uid=65534, gid=65534))
    assert await child.wait() == 0
    assert last_lines(tmp_path / "log") == ["65534", "65534", "65534"]


async def test_a_child_is_asked_with_its_own_signal(tmp_path):
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(3))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)"
    )
    child = await Child.spawn(command(tmp_path, program, stop_signal=signal.SIGUSR1))
    await until(partial(_has_spoken, child))
    assert await child.stop() == 3
    assert child.returncode == 3
    child.ask_to_stop()
    child.kill()


async def test_a_child_that_does_not_stop_is_killed(tmp_path):
    program = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up', flush=True)\n"
        "time.sleep(600)"
    )
    child = await Child.spawn(command(tmp_path, program))
    await until(partial(_has_spoken, child))
    assert await child.stop(grace_s=0.1) == -signal.SIGKILL


async def test_a_program_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        await Child.spawn(Command(("/no/such/program",), tmp_path / "log"))


async def test_a_log_that_has_outgrown_its_bound_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "LOG_BYTES_MAX", 3)
    for word in ("first", "second", "third"):
        child = await Child.spawn(command(tmp_path, f"print('{word}')"))
        await child.wait()
    assert (tmp_path / "logs" / "x.log").read_text() == "third\n"
    assert (tmp_path / "logs" / "x.log.1").read_text() == "second\n"


def test_the_last_lines_of_a_log(tmp_path):
    log = tmp_path / "log"
    assert last_lines(log) == []
    log.write_bytes(b"x" * 40_000 + b"\na\n\n  \nb\n\xff\n")
    assert last_lines(log, 3) == ["a", "b", "�"]
