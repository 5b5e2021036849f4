import errno
import resource
import shutil
import socket
import sys
from types import SimpleNamespace

import pytest

from ledgerflux.stack.doctor import machine
from ledgerflux.stack.run_dir import GatewayAddress, RunDir, RunState


def test_an_interpreter_that_is_too_old_fails():
    assert machine.python().result == "PASS"
    old = machine.python((3, 10, 12))
    assert (old.result, old.finding) == ("FAIL", "3.10.12 is too old")


@pytest.mark.parametrize(
    ("gib", "result"), [(0.5, "FAIL"), (4, "WARN"), (20, "PASS")]
)  # fmt: skip
def test_the_room_on_disk_is_looked_at_where_the_data_will_be(tmp_path, monkeypatch, gib, result):
    asked = []

    def usage(place):
        asked.append(place)
        return SimpleNamespace(free=int(gib * machine.GIB))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    found = machine.disk(tmp_path / "not" / "there")
    assert found.result == result
    assert bool(found.fix) is (result != "PASS")
    assert asked == [tmp_path]


def test_a_disk_that_can_not_be_looked_at_fails(tmp_path, monkeypatch):
    def usage(_place):
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert "I/O error" in machine.disk(tmp_path).finding


def test_a_directory_is_ours_empty_or_still_to_be_made(tmp_path):
    for path, what in ((tmp_path / "new", "will be made"), (tmp_path, "empty")):
        found = machine.directory(RunDir(path))
        assert found.result == "PASS"
        assert f"{path}: {what}, writable" in found.finding
    RunDir(tmp_path).claim()
    assert "ours, writable, locks hold" in machine.directory(RunDir(tmp_path)).finding
    assert [path.name for path in tmp_path.iterdir()] == [".ledgerflux"]


def test_a_directory_of_somebody_elses_files_fails(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    found = machine.directory(RunDir(tmp_path))
    assert (found.result, "holds other files" in found.finding) == ("FAIL", True)
    assert machine.directory(RunDir(tmp_path / "thesis.tex" / "x")).result == "FAIL"


def test_a_directory_that_can_not_be_written_or_locked_fails(tmp_path, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkstemp", read_only)
        assert "Read-only file system" in machine.directory(RunDir(tmp_path)).finding
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    found = machine.directory(RunDir(tmp_path))
    assert (found.result, "locks do not hold" in found.finding) == ("FAIL", True)


@pytest.mark.parametrize(
    ("soft", "hard", "result", "fix"),
    [
        (4096, 4096, "PASS", ""),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, "PASS", ""),
        (256, 4096, "WARN", "ulimit -n 1152"),
        (256, resource.RLIM_INFINITY, "WARN", "ulimit -n 1152"),
        (256, 512, "WARN", "ulimit -n 512"),
    ],
)
def test_descriptors_must_do_for_the_clients_a_gateway_takes(monkeypatch, soft, hard, result, fix):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    found = machine.descriptors(1024)
    assert (found.result, found.fix) == (result, fix)


def clocks(monkeypatch, *, wall, steady):
    walls, steadies = iter(wall), iter(steady)
    monkeypatch.setattr(machine, "CLOCK_SAMPLE_S", 0)
    monkeypatch.setattr("time.time", lambda: next(walls))
    monkeypatch.setattr("time.monotonic", lambda: next(steadies))


@pytest.mark.parametrize(
    ("wall", "result"),
    [((1.8e9, 1.8e9 + 0.05), "PASS"), ((1.8e9, 1.8e9 + 9), "WARN"), ((5.0, 5.05), "FAIL")],
)
def test_a_clock_is_steady_and_was_once_set(monkeypatch, wall, result):
    clocks(monkeypatch, wall=wall, steady=(7.0, 7.05))
    assert machine.clock().result == result


def test_the_real_clock_passes_or_was_moved():
    assert machine.clock().result in ("PASS", "WARN")


@pytest.mark.parametrize(
    ("said", "result"),
    [("yes", "PASS"), ("no", "WARN"), ("Leap status     : Normal", "PASS"), ("hm", "SKIP")],
)
def test_whoever_keeps_the_clock_is_asked(said, result):
    program = (sys.executable, "-c", f"print({said!r})")
    assert machine.time_service((program,)).result == result


def test_nobody_who_keeps_the_clock_is_a_skip():
    assert machine.time_service((("no-such-program",),)).result == "SKIP"


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "import time; time.sleep(60)"])
def test_a_program_that_fails_or_hangs_says_nothing(program):
    assert machine.ask((sys.executable, "-c", program), 0.5) is None


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        yield holder.getsockname()[1]


def test_a_taken_port_fails_only_where_it_was_asked_for(tmp_path, monkeypatch, taken):
    run_dir = RunDir(tmp_path)
    asked = machine.port(run_dir, taken)
    assert (asked.result, asked.fix) == ("FAIL", "lf up --port 0")
    assert f"{taken} is taken by" in asked.finding
    monkeypatch.setattr(machine, "DEFAULT_PORT", taken)
    assert machine.port(run_dir, None).result == "WARN"
    assert machine.port(run_dir, 0).result == "PASS"


def test_a_port_for_the_mighty_only_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "bind_error", lambda *_: PermissionError(errno.EACCES, "no"))
    assert "needs more rights" in machine.port(RunDir(tmp_path), 80).finding


def test_a_port_that_this_stack_holds_is_fine(tmp_path, taken):
    run_dir = RunDir(tmp_path)
    run_dir.claim()
    gateway = GatewayAddress(ws="ws://x", http=f"http://127.0.0.1:{taken}")
    state = RunState(1, 2, "up", 3, str(tmp_path), "s", "process", {}, gateways=[gateway])
    run_dir.write(state)
    assert machine.port(run_dir, taken).result == "FAIL"
    with run_dir.lock():
        assert machine.port(run_dir, taken).result == "PASS"
