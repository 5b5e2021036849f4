import os
import subprocess
import sys

import pytest

from ledgerflux.bench import lab as lab_module
from ledgerflux.bench.lab import cpu_s_of, open_lab, wait_until
from ledgerflux.bench.machine import OTHERS_CORES_MAX, Neighbours, doubt_of
from ledgerflux.errors import StackError, Timeout


def test_a_lab_leaves_nothing_behind():
    with open_lab() as lab:
        folder = lab.data_dir.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_commands_are_about_the_lab_alone(monkeypatch):
    script = "import os, sys; print(os.environ['LF_DATA_DIR'], os.environ.get('LF_SHARDS'))"
    monkeypatch.setattr(lab_module, "LF", (sys.executable, "-c", script))
    monkeypatch.setenv("LF_DATA_DIR", "/elsewhere")
    monkeypatch.setenv("LF_SHARDS", "7")
    with open_lab() as lab:
        assert lab.command("status") == (0, f"{lab.data_dir} None\n")


@pytest.mark.parametrize("code", [1, 3])
def test_a_command_that_fails_is_told_by_its_first_line(monkeypatch, code):
    script = f"import sys; sys.stderr.write('no luck\\nmore'); sys.exit({code})"
    monkeypatch.setattr(lab_module, "LF", (sys.executable, "-c", script))
    with open_lab() as lab, pytest.raises(StackError, match="lf up -d: no luck"):
        lab.command("up", "-d")


def test_what_does_not_come_true_is_a_timeout():
    with pytest.raises(Timeout, match="the moon"):
        wait_until(lambda: False, 0.05, "the moon")


BUSY = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
BUSY_PARENT = f"""
import subprocess, sys
{BUSY}
child = subprocess.Popen([sys.executable, "-c", {BUSY!r} + "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.communicate()
"""


def test_no_process_is_counted_twice_and_none_is_left_out():
    argv = [sys.executable, "-c", BUSY_PARENT]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        wait_until(lambda: cpu_s_of({"child": child})["child"] >= 0.3, 20.0, "work")
        both = cpu_s_of({"parent": parent.pid, "child": child})
        alone = cpu_s_of({"parent": parent.pid})["parent"]
        assert cpu_s_of({"gone": 2**22 + 1}) == {"gone": 0.0}
        parent.communicate(b"\n")
    assert min(both.values()) >= 0.3
    assert both["parent"] + 0.3 <= alone


def test_the_work_of_this_process_is_nobody_elses():
    neighbours = Neighbours()
    own = os.times().user
    while os.times().user - own < 0.3:
        pass
    assert neighbours.cores() < (os.cpu_count() or 1)


def test_others_that_use_the_machine_are_a_doubt():
    assert doubt_of(OTHERS_CORES_MAX) == ""
    assert doubt_of(1.25) == "other programs used 1.25 cores"
