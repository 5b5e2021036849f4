"""`lf doctor` on a real stack: well, with a broken file, and dead."""

import os
import signal

import psutil
import pytest
from stacks import until, wait_gone

from ledgerflux.stack.run_dir import RunDir


@pytest.mark.slow
@pytest.mark.fault
def test_doctor_finds_what_is_wrong_and_down_mends_it(stack, tmp_path):
    stack.start("--shards", "1", "--products", "BTC-USD")
    stack.wait("healthy")
    found = checks(stack, "--report", tmp_path / "report.json")
    assert (found["stack"], found["streams"]) == ("PASS", "PASS")
    run_dir = RunDir(stack.data_dir)
    state = run_dir.read()
    assert state.nats.password not in (tmp_path / "report.json").read_text()

    run_dir.run_path.write_text("{ half a fi")
    assert checks(stack)["stack"] == "FAIL"
    assert "its run.json is broken" in stack.lf("status", check=3).stderr

    for pid in (state.warden_pid, state.pid):
        os.kill(pid, signal.SIGKILL)
    until(lambda: run_dir.holder() is None)
    until(lambda: not psutil.pid_exists(state.pid))
    run_dir.run_path.write_text("{ half a fi")
    assert checks(stack)["leftovers"] == "WARN"
    stack.lf("down")
    wait_gone(stack.processes)


def checks(stack, *more):
    document = stack.json("doctor", *more, check=None)
    return {check["name"]: check["result"] for check in document["checks"]}
