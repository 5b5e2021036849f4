import sys
import time

import psutil
import pytest

from ledgerflux.bench.gateway.contenders import PLAIN, Contender, Load
from ledgerflux.bench.gateway.running import running
from ledgerflux.errors import StackError

OBEYS = """
import json, os, sys
print(json.dumps({"port": 5, "pid": os.getpid()}), flush=True)
for line in sys.stdin:
    sum(range(300_000))
    print("done", flush=True)
"""


def contender(script):
    return Contender("peer", "a peer", PLAIN, lambda *_: (sys.executable, "-c", script))


@pytest.fixture
def load(tmp_path):
    return Load(tmp_path / "messages.json", 2, 10)


def until_done(server):
    deadline = time.monotonic() + 10
    while not server.done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_is_told_what_to_send_measured_and_ended(load):
    with running(contender(OBEYS), load) as server:
        assert (server.port, server.pid) == (5, server.child.pid)
        before_s = server.cpu_s()
        server.go(10, 100, 3)
        until_done(server)
        assert server.cpu_s() > before_s > 0
        assert server.rss_bytes() > 1024 * 1024
        assert not server.done()
    assert server.child.returncode == 0
    assert not psutil.pid_exists(server.pid)


def test_one_that_does_not_start_is_told_with_its_last_words(load):
    dead = running(contender("import sys; sys.exit('no such module')"), load)
    with pytest.raises(StackError, match="peer did not start: no such module"), dead:
        pytest.fail("it runs")


def test_of_one_that_has_ended_nothing_is_measured(load):
    with running(contender(OBEYS), load) as server:
        server.child.kill()
        server.child.wait()
        for look in (server.cpu_s, server.rss_bytes):
            with pytest.raises(StackError, match="peer has ended"):
                look()
