import json

import msgspec
import pytest

from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.roles.exchange import Started
from ledgerflux.stack import replaying
from ledgerflux.stack.replaying import start_market
from ledgerflux.stack.run_dir import NatsAddress, RunDir, RunState
from ledgerflux.wire.replay import RecordingHealth, ReplayHealth, ReplayOrder
from ledgerflux_cli.commands.replay import describe, told
from ledgerflux_cli.commands.replay import replay as command

S = 1_000_000_000


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


RECORDING = RecordingHealth(2_450, 119 * S, 1_000 * S, S, (1,), (), 0)
NOW = ReplayHealth(
    "replay:day.lfr", "paused", True, 10.0, None, False, 812, 41 * S, 1_041 * S, recording=RECORDING
)


@pytest.fixture
def orders(monkeypatch):
    """Answer every order; return those that came."""
    asked = []

    def order(_run_dir, order):
        asked.append(order)
        return NOW

    monkeypatch.setattr(replaying, "order_market", order)
    return asked


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pause"], ReplayOrder("pause")),
        (["resume"], ReplayOrder("resume")),
        (["speed", "10"], ReplayOrder("speed", speed=10.0)),
        (["speed", "0.5x"], ReplayOrder("speed", speed=0.5)),
        (["speed", "max"], ReplayOrder("speed", speed="max")),
        (["step"], ReplayOrder("step")),
        (["step", "7"], ReplayOrder("step", count=7)),
        (["seek", "-10s"], ReplayOrder("seek", by_ms=-10_000)),
        (["seek", "+1m"], ReplayOrder("seek", by_ms=60_000)),
        (["seek", "50%"], ReplayOrder("seek", at_ms=59_500)),
        (["seek", "1970-01-01T00:17:00Z"], ReplayOrder("seek", to_ms=1_020_000)),
        (["status"], ReplayOrder("status")),
    ],
)
def test_words_become_an_order_and_the_answer_one_line(orders, capsys, words, expected):
    run(*words)
    assert orders[-1] == expected
    assert capsys.readouterr().out == (
        "replay:day.lfr: paused, speed 10x, frame 812 of 2,450, 41.0 s of 119.0 s, "
        "1970-01-01T00:17:21.000Z\n"
    )


def test_as_json_it_is_the_replay_of_the_status_document(orders, capsys):
    run("status", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["source"]) == ("lf.replay/1", "replay:day.lfr")
    assert (document["state"], document["paused"], document["at_ms"]) == ("paused", True, 41_000)
    assert "through" not in document


@pytest.mark.parametrize(
    "words", [["speed", "0"], ["speed", "fast"], ["speed", "1001"], ["seek", "soon"]]
)
def test_nonsense_is_refused_before_anything_is_moved(orders, words):
    with pytest.raises(ConfigError) as caught:
        run(*words)
    assert caught.value.exit_code == 2
    assert all(order.action == "status" for order in orders)


def test_a_made_market_is_told_without_a_place():
    made = msgspec.structs.replace(NOW, recording=None, speed=None, state="running", held=2.04)
    assert told(made) == (
        "replay:day.lfr: running, speed max (holds 2.0x), frame 812, 1970-01-01T00:17:21.000Z"
    )
    timeless = msgspec.structs.replace(RECORDING, begin_ns=None)
    assert told(msgspec.structs.replace(NOW, recording=timeless)).endswith("41.0 s of 119.0 s")
