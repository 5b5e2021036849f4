"""What a dead stack left is named, and taken away; a living one is left alone."""

import subprocess
import sys

import psutil
import pytest

from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.stack.cleaning import clean, find_leftovers
from ledgerflux.stack.run_dir import RunDir, RunState, ServiceState

DATA = {"nats", "postgres", "exchange.state"}


@pytest.fixture
def run_dir(tmp_path):
    """A directory as a killed supervisor leaves it."""
    made = RunDir(tmp_path / "lf")
    made.claim()
    for directory in (made.logs, made.nats, made.postgres):
        directory.mkdir()
        (directory / "file").write_text("x" * 5000)
    (made.path / "exchange.state").write_text("x")
    (made.path / ".run.json.0a1b").write_text("half")
    with made.lock():
        pass
    return made


@pytest.fixture
def child(run_dir):
    """A process that names the directory, and stands in its run.json."""
    program = "import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program, str(run_dir.path)])
    state = RunState(
        1, 2_000_000_000, "up", 0, str(run_dir.path), "synthetic", "process", {},
        services=[ServiceState("ingest", process.pid, "ready")],
    )  # fmt: skip
    run_dir.write(state)
    yield process
    process.kill()
    process.wait()


def names(left):
    return {(row.kind, row.name) for row in left}


def held(run_dir):
    return {path.name for path in run_dir.path.iterdir()}


def test_data_stays_and_the_rest_goes(run_dir, child):
    left = names(find_leftovers(run_dir, data=False))
    assert left == {
        ("process", f"ingest (pid {child.pid})"),
        ("remains", "run.json"),
        ("remains", ".run.json.0a1b"),
        ("logs", "logs"),
    }
    assert psutil.pid_exists(child.pid), "asking changes nothing"
    assert names(clean(run_dir, data=False)) == left
    assert not psutil.pid_exists(child.pid)
    assert held(run_dir) == {".ledgerflux", "lock"} | DATA
    assert find_leftovers(run_dir, data=False) == []
    assert clean(run_dir, data=False) == []


def test_with_data_nothing_stays(run_dir):
    left = find_leftovers(run_dir, data=True)
    assert {name for kind, name in names(left) if kind == "data"} == DATA | {".ledgerflux"}
    assert next(row.size_bytes for row in left if row.name == "nats") >= 5000
    clean(run_dir, data=True)
    assert held(run_dir) == set()
    assert find_leftovers(run_dir, data=True) == []


def test_a_running_stack_is_left_alone(run_dir):
    with run_dir.lock():
        for look in (find_leftovers, clean):
            with pytest.raises(Conflict, match="a stack runs in"):
                look(run_dir, data=True)
    assert held(run_dir) > DATA


def test_a_directory_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ConfigError, match="no data directory"):
        clean(RunDir(tmp_path), data=True)


@pytest.mark.parametrize("made", [False, True])
def test_nowhere_is_clean(tmp_path, made):
    if made:
        (tmp_path / "x").mkdir()
    assert find_leftovers(RunDir(tmp_path / "x"), data=True) == []


def test_what_a_link_points_to_stays(run_dir, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    (run_dir.path / "link").symlink_to(elsewhere)
    clean(run_dir, data=True)
    assert (elsewhere / "precious").exists()
