import json

import pytest

from ledgerflux.errors import Conflict
from ledgerflux.roles.exchange import Started
from ledgerflux.stack import replaying
from ledgerflux.stack.replaying import start_market
from ledgerflux.stack.run_dir import NatsAddress, RunDir, RunState
from ledgerflux_cli.commands.replay import describe
from ledgerflux_cli.commands.replay import replay as command


def run(*arguments):
    return command(args=list(arguments), standalone_mode=False)


@pytest.mark.parametrize(
    ("started", "line"),
    [
        (Started("replay:day.lfr", "waiting", was_paused=True), "replay:day.lfr: started"),
        (Started("replay:day.lfr", "running", was_paused=False), "replay:day.lfr: was not paused"),
        (Started("replay:day.lfr", "ended", was_paused=False), "replay:day.lfr: has ended"),
    ],
)
def test_the_line_says_what_happened(started, line):
    assert describe(started) == line


def test_start_prints_a_line_or_a_document(monkeypatch, capsys):
    asked = []

    def start(run_dir):
        asked.append(run_dir.path)
        return Started("synthetic:200", "waiting", was_paused=True)

    monkeypatch.setattr(replaying, "start_market", start)
    run("start", "--data-dir", "/tmp/somewhere")
    assert capsys.readouterr().out == "synthetic:200: started\n"
    run("start", "--data-dir", "/tmp/somewhere", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "schema": "lf.replay/1",
        "source": "synthetic:200",
        "state": "waiting",
        "was_paused": True,
    }
    assert {str(path) for path in asked} == {"/tmp/somewhere"}


def test_without_a_stack_there_is_nothing_to_start(tmp_path):
    with pytest.raises(Exception, match="no stack runs in") as caught:
        run("start", "--data-dir", str(tmp_path))
    assert caught.value.exit_code == 3


def test_a_live_source_has_no_exchange(tmp_path):
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()
    run_dir.write(
        RunState(
            pid=1,
            warden_pid=2,
            state="up",
            started_ns=3,
            data_dir=str(tmp_path),
            source="coinbase-advanced",
            durability="process",
            request={},
            nats=NatsAddress("nats://127.0.0.1:5", "u", "p"),
        )
    )
    with run_dir.lock(), pytest.raises(Conflict, match="no exchange to start") as caught:
        start_market(run_dir)
    assert (caught.value.code, caught.value.exit_code) == ("no_exchange", 6)
