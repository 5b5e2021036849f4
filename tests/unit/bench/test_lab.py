import os
import sys

import pytest

from ledgerflux.bench import lab as lab_module
from ledgerflux.bench.lab import open_lab, wait_until
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


def test_the_work_of_this_process_is_nobody_elses():
    neighbours = Neighbours()
    own = os.times().user
    while os.times().user - own < 0.3:
        pass
    assert neighbours.cores() < (os.cpu_count() or 1)


def test_others_that_use_the_machine_are_a_doubt():
    assert doubt_of(OTHERS_CORES_MAX) == ""
    assert doubt_of(1.25) == "other programs used 1.25 cores"
