"""The roles started one by one, as the README says."""

import contextlib

import pytest
from stacks import until

pytestmark = pytest.mark.slow


def test_roles_started_by_hand_work_together(stack):
    stack.lf("up", "-d", "nats", "postgres", timeout=90)
    with contextlib.ExitStack() as running:

        def run(*args):
            name = "-".join(word for word in args if not word.startswith("-"))
            return running.enter_context(stack.run_role(name, *args))

        run("exchange", "--source", "synthetic:200")
        run("ingest")
        shards = [run("normalize", "--shard", str(n), "--shards", "4") for n in range(4)]
        run("snapshot")
        run("gateway", "--port", "0")
        until(lambda: stack.lf("book", "BTC-USD", "--json", check=None).returncode == 0)
        until(lambda: stack.json("book", "BTC-USD", "--depth", "5")["state"] == "live")
        second = stack.lf("run", "normalize", "--shard", "2", "--shards", "4", check=6)
        assert "already_running" in second.stderr
        with stack.run_role("over", "normalize", "--shard", "2", "--shards", "4", "--take-over"):
            assert shards[2].wait(30) == 6, "the writer before is fenced"
        assert stack.json("verify", timeout=120)["ok"]
