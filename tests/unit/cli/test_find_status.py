import os

import msgspec
import pytest
from stack_states import STATE

from ledgerflux.errors import NotRunning
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.checking import verify
from ledgerflux.stack.replaying import start_market
from ledgerflux.stack.run_dir import RunDir
from ledgerflux_cli.find_gateway import find_gateway
from ledgerflux_cli.find_status import find_status


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path / "lf")
    made.claim()
    return made


FINDS = {
    "status": lambda path: find_status(path, None),
    "gateway": lambda path: find_gateway(path, None),
    "bus": lambda path: ask_bus(RunDir(path), None, name="test"),
    "replay": lambda path: start_market(RunDir(path)),
    "verify": lambda path: verify(RunDir(path), [4]),
}
"""Ways to look for a stack, all of which say the same where there is none."""


@pytest.fixture(params=FINDS)
def find(request):
    return FINDS[request.param]


def test_where_nothing_runs_the_way_to_a_stack_is_named(run_dir, find):
    with pytest.raises(NotRunning, match="no stack runs in") as caught:
        find(run_dir.path)
    assert caught.value.try_next == ("lf up",)


@pytest.mark.parametrize("content", [None, "", "{ half a fi", '{"pid": "x"}'])
def test_a_stack_whose_file_is_broken_is_not_called_absent(run_dir, find, content):
    if content is not None:
        run_dir.run_path.write_text(content)
    with run_dir.lock(), pytest.raises(NotRunning) as caught:
        find(run_dir.path)
    assert f"(pid {os.getpid()}) is only starting, or its run.json is broken" in str(caught.value)
    assert "lf down" in caught.value.try_next


@pytest.mark.parametrize("find", ["bus", "replay", "verify"])
def test_a_stack_without_a_nats_is_not_called_absent(run_dir, find):
    run_dir.write(msgspec.structs.replace(STATE, nats=None))
    with run_dir.lock(), pytest.raises(NotRunning, match="has no NATS yet") as caught:
        FINDS[find](run_dir.path)
    assert caught.value.try_next == ("lf status",)
