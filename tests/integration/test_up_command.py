"""`lf up`, `down`, `status`, `wait` as programs, with the real servers and no roles."""

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest
from processes import gone, naming, wait_until

from ledgerflux.adapters.embedded.postgres_host import find_programs
from ledgerflux.stack.run_dir import RunDir

LF = [sys.executable, "-m", "ledgerflux_cli"]


class Home:
    """An empty home directory, and `lf` in it."""

    def __init__(self, path):
        self.path = path
        self.data = path / ".local" / "state" / "ledgerflux" / "default"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LF_", "XDG_"))}
        self.environment = {**kept, "HOME": str(path)}

    def lf(self, *arguments, code=0, **more):
        """Run a command to its end; return the finished process."""
        done = subprocess.run(
            [*LF, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            **more,
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def json(self, *arguments, code=0):
        return json.loads(self.lf(*arguments, "--json", code=code).stdout)

    def open(self, *arguments):
        """Start a command that goes on."""
        return subprocess.Popen(
            [*LF, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_dir(self):
        return RunDir(self.data)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    yield home
    subprocess.run([*LF, "down"], env=home.environment, capture_output=True, check=False)
    gone(home.data)


@pytest.fixture
def attached(home):
    """Yield (home, process) of an `lf up nats` that is up, in the foreground."""
    with home.open("up", "nats", "--data-dir", str(home.data)) as process:
        for line in process.stdout:
            if line.startswith("up in"):
                break
        yield home, process
        process.kill()


@pytest.mark.slow
def test_on_a_clean_machine_the_servers_come_up_and_go(home):
    document = home.json("up", "-d", "nats", "postgres")
    assert document["schema"] == "lf.up/1"
    assert document["target"] == "local"
    assert document["gateway"] is None
    assert document["data_dir"] == str(home.data)
    assert [(row["name"], row["state"]) for row in document["services"]] == [
        ("nats", "ready"),
        ("postgres", "ready"),
    ]
    for row in document["services"]:
        assert str(home.data) in " ".join(psutil.Process(row["pid"]).cmdline())
    psql = [str(find_programs() / "psql"), "-Atc", "select 7", document["postgres"]]
    assert subprocess.run(psql, capture_output=True, check=True).stdout == b"7\n"

    status = home.json("status")
    assert (status["schema"], status["state"]) == ("lf.status/1", "healthy")
    assert status["services"][0].keys() >= {"cpu", "rss_bytes", "restarts", "since"}
    assert "nats" in home.lf("status").stdout
    home.lf("wait", "--for", "up")
    assert home.json("wait", "--for", "healthy")["for"] == "healthy"

    again = home.json("up", "-d", "nats", "postgres")
    assert again["services"] == document["services"]
    assert "already up" in home.lf("up", "nats", "postgres").stdout

    stopped = home.json("down")
    assert stopped["was_running"]
    assert stopped["services"] == ["nats", "postgres"]
    gone(home.data, 0.5)
    home.lf("status", code=3)
    assert "nothing runs" in home.lf("down").stdout


@pytest.mark.slow
def test_another_request_on_a_held_directory_is_a_conflict_naming_the_difference(home):
    home.lf("up", "-d", "nats")
    error = json.loads(home.lf("up", "-d", "nats", "--shards", "2", "--json", code=6).stderr)[
        "error"
    ]
    assert error["code"] == "already_running"
    assert "shards: running 4, asked 2" in error["message"]
    assert "lf down" in error["next"]


@pytest.mark.slow
def test_a_start_while_another_one_starts_joins_it(home):
    first, second = home.open("up", "-d", "nats"), home.open("up", "-d", "nats")
    outputs = [process.communicate(timeout=60) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert len([p for p in naming(home.data) if "nats-server" in p.name()]) == 1


@pytest.mark.slow
def test_ctrl_c_ends_an_attached_stack_with_0_and_nothing_is_left(attached):
    home, process = attached
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=10)
    assert process.returncode == 0
    assert talk == "stopping… again to force\n"
    gone(home.data, max(0.1, 5 - (time.monotonic() - began)))


@pytest.mark.slow
def test_a_closed_pipe_ends_an_attached_stack(home):
    with home.open("up", "nats", "--data-dir", str(home.data)) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=20) in (0, 130)
    gone(home.data, 1.0)


@pytest.mark.slow
def test_a_closed_terminal_ends_an_attached_stack(home):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*LF, "up", "nats", "--data-dir", str(home.data)],
        env=home.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    said = b""
    while b"up in" not in said:
        said += os.read(ours, 1000)
    os.close(ours)
    assert process.wait(timeout=20) == 0
    gone(home.data, 1.0)


@pytest.mark.slow
def test_nothing_outlives_a_killed_attached_stack_and_the_next_start_works(attached):
    home, process = attached
    before = home.run_dir().read()
    process.kill()
    process.wait()
    gone(home.data, 5.0)
    home.lf("status", code=3)
    document = home.json("up", "-d", "nats")
    assert str(before.nats.url).removeprefix("nats://") in document["nats"]


@pytest.mark.slow
def test_a_start_right_after_a_kill_waits_for_what_was_left(attached):
    home, process = attached
    old = home.run_dir().read().services[0].pid
    process.kill()
    process.wait()
    document = home.json("up", "-d", "nats")
    assert document["services"][0]["pid"] != old
    assert not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_nothing_outlives_a_killed_detached_supervisor(home):
    home.lf("up", "-d", "nats", "postgres")
    os.kill(home.run_dir().holder(), signal.SIGKILL)
    gone(home.data, 5.0)
    assert "nothing runs" in home.lf("down").stdout


@pytest.mark.slow
def test_a_killed_server_comes_back(home):
    home.lf("up", "-d", "nats")
    killed = home.json("status")["services"][0]["pid"]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: home.run_dir().read().services[0].restarts == 1)
    home.lf("wait", "--for", "healthy")
    service = home.json("status")["services"][0]
    assert service["pid"] != killed
    assert service["restarts"] == 1


@pytest.mark.slow
def test_an_interrupted_detached_start_leaves_nothing(home):
    with home.open("up", "-d", "nats", "postgres") as process:
        for line in process.stdout:
            if "nats" in line and "ready" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode in (0, 130)
        if process.returncode == 130:
            gone(home.data, 1.0)


def test_a_port_asked_for_and_taken_starts_nothing(home):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        error = json.loads(home.lf("up", "-d", "--port", str(port), "--json", code=6).stderr)
    assert error["error"]["code"] == "port_in_use"
    assert f"pid {os.getpid()}" in error["error"]["message"]
    gone(home.data, 0.5)
    assert home.run_dir().read() is None


@pytest.mark.slow
def test_a_start_that_fails_stops_everything_and_tells_why(home):
    (home.data / "postgres" / "data").mkdir(parents=True)
    (home.data / ".ledgerflux").touch()
    (home.data / "postgres" / "data" / "PG_VERSION").write_text("12\n")
    error = home.lf("up", "-d", "nats", "postgres", code=5).stderr
    assert error.startswith("error[missing_dependency]: the data was written by Postgres 12")
    assert "Traceback" not in error
    gone(home.data, 0.5)
    attached = home.lf("up", "nats", "postgres", code=5)
    assert "nats" in attached.stdout or attached.stdout.startswith("source")
    gone(home.data, 0.5)


@pytest.mark.slow
def test_a_start_that_takes_too_long_is_exit_4(home):
    error = home.lf("up", "-d", "nats", "--wait-timeout", "1ms", code=4).stderr
    assert error.startswith("error[start_timeout]: not ready within 0.001 s: nats")
    gone(home.data, 0.5)


@pytest.mark.slow
def test_waiting_too_long_is_exit_4_and_says_what_is_missing(home):
    home.lf("up", "-d", "nats")
    error = home.lf("wait", "--for", "clients=1", "--timeout", "300ms", code=4).stderr
    assert error == "error[timeout]: clients=1 did not come true in 300ms: 0 of 1 clients\n"


@pytest.mark.slow
def test_the_data_is_deleted_only_when_that_is_meant(home):
    home.lf("up", "-d", "nats")
    error = home.lf("down", "--volumes", code=2).stderr
    assert "--yes" in error
    assert home.run_dir().holder() is not None
    assert home.json("down", "--volumes", "--yes")["volumes_deleted"]
    assert list(home.data.iterdir()) == []
    home.lf("up", "-d", "nats")


@pytest.mark.slow
def test_a_directory_of_other_things_is_neither_used_nor_deleted(home, tmp_path):
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter1").touch()
    for arguments in (("up", "-d", "nats"), ("down", "--volumes", "--yes")):
        home.lf(*arguments, "--data-dir", str(other), code=2)
    assert (other / "chapter1").exists()
    home.lf("down", "--data-dir", str(other))


@pytest.mark.slow
def test_a_very_long_directory_name_works(home, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    home.environment["LF_DATA_DIR"] = str(deep)
    document = home.json("up", "-d", "postgres")
    psql = [str(find_programs() / "psql"), "-Atc", "select 7", document["postgres"]]
    assert subprocess.run(psql, capture_output=True, check=True).stdout == b"7\n"
    home.lf("down")
    gone(deep, 0.5)
    socket_directory = document["postgres"].partition("host=")[2].partition("&")[0]
    assert not Path(socket_directory).exists()
