import os

import pytest

from ledgerflux.errors import NotRunning
from ledgerflux.stack.run_dir import RunDir
from ledgerflux_cli.find_gateway import find_gateway
from ledgerflux_cli.find_status import find_status


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path / "lf")
    made.claim()
    return made


@pytest.mark.parametrize("find", [find_status, find_gateway])
def test_where_nothing_runs_the_way_to_a_stack_is_named(run_dir, find):
    with pytest.raises(NotRunning, match="no stack runs in") as caught:
        find(run_dir.path, None)
    assert caught.value.try_next == ("lf up",)


@pytest.mark.parametrize("find", [find_status, find_gateway])
@pytest.mark.parametrize("content", [None, "", "{ half a fi", '{"pid": "x"}'])
def test_a_stack_whose_file_is_broken_is_not_called_absent(run_dir, find, content):
    if content is not None:
        run_dir.run_path.write_text(content)
    with run_dir.lock(), pytest.raises(NotRunning) as caught:
        find(run_dir.path, None)
    assert f"(pid {os.getpid()}) is only starting, or its run.json is broken" in str(caught.value)
    assert "lf down" in caught.value.try_next
