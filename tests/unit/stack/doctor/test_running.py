import os

import pytest

from ledgerflux.adapters.nats_bus import ApiRefused
from ledgerflux.adapters.nats_streams import STREAMS
from ledgerflux.errors import BusError
from ledgerflux.stack.doctor import running
from ledgerflux.stack.run_dir import NatsAddress, RunDir, RunState


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path)
    made.claim()
    nats = NatsAddress("nats://127.0.0.1:1", "u", "p")
    made.write(RunState(1, 2**22, "up", 3, str(tmp_path), "s", "process", {}, [], None, nats))
    return made


class Streams:
    """Answers STREAM.INFO with what this version makes, changed."""

    def __init__(self, changed):
        self._changed = changed

    async def api(self, verb, _body):
        name = verb.rpartition(".")[2]
        if self._changed.get(name) == "gone":
            raise ApiRefused(f"{verb}: stream not found", 10059)
        wanted = next(stream for stream in STREAMS if stream["name"] == name)
        return {"config": {**wanted, "more": 1, **self._changed.get(name, {})}}


async def test_streams_as_this_version_makes_them_have_no_differences():
    assert await running.stream_differences(Streams({})) == []


async def test_every_difference_of_a_stream_is_named():
    bus = Streams({"MD_RAW": {"max_bytes": 5, "storage": "memory"}, "MD_DLQ": "gone"})
    found = await running.stream_differences(bus)
    assert "MD_RAW: storage is memory, not file" in found
    assert any(text.startswith("MD_RAW: max_bytes is 5, not ") for text in found)
    assert any("MD_DLQ" in text and "not found" in text for text in found)
    assert len(found) == 3


def test_where_nothing_runs_nothing_is_asked(run_dir):
    assert running.stack(run_dir, None).result == "SKIP"
    assert running.streams(run_dir).result == "SKIP"
    assert running.leftovers(run_dir) == ("leftovers", "PASS", "none", "")


def test_a_stack_is_as_healthy_as_it_says(run_dir):
    with run_dir.lock():
        assert running.leftovers(run_dir).result == "SKIP"
        healthy = running.stack(run_dir, {"state": "healthy", "services": [1, 2]})
        assert (healthy.result, healthy.finding) == ("PASS", "healthy, 2 services")
        status = {"state": "degraded", "services": [], "problems": ["a", "b", "c", "d", "e"]}
        sick = running.stack(run_dir, status)
        assert (sick.result, sick.finding) == ("FAIL", "a; b; c; and 2 more")
        mute = running.stack(run_dir, None)
        assert mute.result == "FAIL"
        assert str(os.getpid()) in mute.finding


@pytest.mark.parametrize(
    ("answer", "result"), [([], "PASS"), (["MD_RAW: x"], "FAIL"), (BusError("gone"), "FAIL")]
)
def test_the_streams_of_a_running_stack_are_asked_for(run_dir, monkeypatch, answer, result):
    def ask_bus(*_, **__):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(running, "ask_bus", ask_bus)
    with run_dir.lock():
        assert running.streams(run_dir).result == result


def test_what_a_dead_stack_left_is_a_warning_with_the_way_to_end_it(run_dir, monkeypatch):
    class Process:
        pid = 77

    monkeypatch.setattr(running, "processes_in", lambda _: {"nats": Process()})
    found = running.leftovers(run_dir)
    assert (found.result, found.finding, found.fix) == (
        "WARN", "of a dead stack: nats (pid 77)", "lf down"
    )  # fmt: skip
