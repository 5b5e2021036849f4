"""What is looked at before an engine is used."""

import json

import pytest

from ledgerflux.deploy.compose import preflight
from ledgerflux.deploy.compose.preflight import compose_finding, engine_finding, look
from ledgerflux.deploy.programs import Outcome
from ledgerflux.errors import MissingDependency
from ledgerflux.stack.run_dir import RunDir

INFO = {"ServerVersion": "28.2.2", "NCPU": 2, "MemTotal": 8 << 30}


def answered(**more):
    return Outcome(0, json.dumps({**INFO, **more}), "")


@pytest.mark.parametrize(
    ("answer", "result", "words"),
    [
        (None, "FAIL", "not on PATH"),
        (Outcome(1, "", "what\nCannot connect"), "FAIL", "Cannot connect"),
        (Outcome(1, "[]", "no"), "FAIL", "no"),
        (answered(ServerVersion="", ServerErrors=["no daemon"]), "FAIL", "no daemon"),
        (answered(MemTotal=2 << 30), "WARN", "2048 MB of memory"),
        (answered(), "PASS", "Docker 28.2.2, 2 CPUs, 8192 MB"),
    ],
)
def test_an_engine_answers_and_has_room(answer, result, words):
    finding = engine_finding(answer)
    assert finding.result == result
    assert words in finding.finding


@pytest.mark.parametrize(
    ("printed", "result"),
    [
        ("2.40.3\n", "PASS"),
        ("v2.20.0", "PASS"),
        ("2.19.1", "FAIL"),
        ("1.29.2", "FAIL"),
        ("", "FAIL"),
    ],
)
def test_compose_must_know_how_to_wait(printed, result):
    assert compose_finding(printed).result == result


def test_all_is_looked_at_where_an_engine_answers(monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "ask", lambda *_: answered())
    monkeypatch.setattr(preflight, "find_compose", lambda: ("docker", "compose"))
    monkeypatch.setattr(preflight, "run", lambda _: Outcome(0, "2.40.3", ""))
    found = list(look(RunDir(tmp_path / "data"), 0))
    assert [one.name for one in found] == ["engine", "compose", "image", "directory", "port"]
    assert {one.result for one in found} == {"PASS"}
    assert "is there" in found[2].finding
    assert not (tmp_path / "data").exists()


def test_without_an_engine_the_rest_is_looked_at_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "ask", lambda *_: None)
    found = list(look(RunDir(tmp_path / "data"), 0))
    assert [one.name for one in found] == ["engine", "directory", "port"]


def test_an_engine_without_compose_is_told_with_what_to_do(monkeypatch, tmp_path):
    def missing():
        raise MissingDependency("there is none", try_next=["install it"])

    monkeypatch.setattr(preflight, "ask", lambda *_: answered())
    monkeypatch.setattr(preflight, "find_compose", missing)
    found = list(look(RunDir(tmp_path / "data"), 0))
    assert found[1] == ("compose", "FAIL", "there is none", "install it")
