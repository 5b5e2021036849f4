import signal
import subprocess
import sys

import pytest

from ledgerflux.adapters.state_file import SIZE, StateFile, sent_of

KILLED = """
import os, signal, sys
from pathlib import Path
from ledgerflux.adapters.state_file import StateFile

state = StateFile(Path(sys.argv[1]), "source")
for count in range(1234):
    state.count_sent(1)
state.position = 77
os.kill(os.getpid(), signal.SIGKILL)
"""


def reopened(state, path, source="source"):
    state.close()
    return StateFile(path, source)


def test_a_new_state_counts_from_nothing(tmp_path):
    state = StateFile(tmp_path / "exchange.state", "source")
    assert (state.sent, state.position, state.port, state.started) == (0, 0, 0, False)
    assert state.kept() is None
    assert len(state.run) == 32
    state.close()
    assert (tmp_path / "exchange.state").stat().st_size == SIZE


def test_the_same_source_goes_on_with_its_run(tmp_path):
    path = tmp_path / "exchange.state"
    state = StateFile(path, "source")
    run = state.run
    for _ in range(3):
        state.count_sent(1)
    state.position = 2**40
    state.port = 40_000
    state.started = True
    state.keep(b"one")
    state.keep(b"two\nlines")
    state = reopened(state, path)
    assert state.run == run
    assert (state.sent, state.position, state.port, state.started) == (3, 2**40, 40_000, True)
    assert state.kept() == b"two\nlines"
    state.count_sent(1)
    state = reopened(state, path)
    assert state.sent == sent_of(path) == 4
    state.close()


def test_another_source_is_another_run(tmp_path):
    path = tmp_path / "exchange.state"
    state = StateFile(path, "source")
    run = state.run
    state.count_sent(1)
    state.keep(b"kept")
    state = reopened(state, path, "another")
    assert state.run != run
    assert (state.sent, state.kept()) == (0, None)
    state.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["exchange.state"]


def test_what_was_kept_belongs_to_its_run(tmp_path):
    path = tmp_path / "exchange.state"
    state = StateFile(path, "source")
    state.keep(b"kept")
    kept = (tmp_path / "exchange.state.market").read_bytes()
    state = reopened(state, path, "another")
    (tmp_path / "exchange.state.market").write_bytes(kept)
    assert state.kept() is None
    state.close()


@pytest.mark.parametrize("damage", [b"", b"x" * SIZE, b"LFEXCH1\n" + bytes(SIZE - 8)])
def test_a_damaged_state_begins_another_run(tmp_path, damage):
    path = tmp_path / "exchange.state"
    path.write_bytes(damage)
    state = StateFile(path, "source")
    assert (state.sent, state.position) == (0, 0)
    assert len(state.run) == 32
    state.close()


def test_a_killed_process_loses_nothing(tmp_path):
    path = tmp_path / "exchange.state"
    code = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode
    assert code == -signal.SIGKILL
    state = StateFile(path, "source")
    assert (state.sent, state.position) == (1234, 77)
    state.close()


def test_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "exchange.state"
    StateFile(path, "source").close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_run_of_the_same_source_counts_from_nothing(tmp_path):
    path = tmp_path / "exchange.state"
    state = StateFile(path, "source")
    state.count_sent(5)
    state.position = 3
    run = state.run
    state.renew()
    assert (state.sent, sent_of(path)) == (0, 0)
    assert state.run != run
    again = reopened(state, path)
    assert (again.run, again.position) == (state.run, 3)


def test_what_was_ordered_stands_until_another_speed_is_asked_for(tmp_path):
    path = tmp_path / "exchange.state"
    state = StateFile(path, "source")
    assert state.control(1.0) == (False, 1.0)
    state.keep_control(paused=True, speed=None)
    again = reopened(state, path)
    assert again.control(1.0) == (True, None)
    assert again.control(2.0) == (True, 2.0)
    again.keep_control(paused=False, speed=5.0)
    assert reopened(again, path).control(2.0) == (False, 5.0)
