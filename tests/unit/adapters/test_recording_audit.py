"""Recordings on disk: whatever a file holds, it is told, not raised."""

import gzip
import json
import os
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings import recording

from ledgerflux.adapters import recording_file
from ledgerflux.adapters.recording_audit import audit_file, sight_files
from ledgerflux.errors import BadRecording

UPDATE = (
    '{"channel":"l2_data","client_id":"","timestamp":"2026-01-01T00:00:00Z","sequence_num":%d,'
    '"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid",'
    '"event_time":"2026-01-01T00:00:00Z","price_level":"1","new_quantity":"2"}]}]}'
)


def line(number, ts=0):
    return json.dumps({"ts": ts, "conn": "c1", "raw": UPDATE % number}).encode() + b"\n"


WHOLE = b"".join(line(number, number) for number in range(50))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.jsonl.gz"


def kinds(audited):
    return [(problem.kind, problem.line) for problem in audited.audit.problems]


def test_packed_or_plain_the_content_is_the_same(file):
    file.write_bytes(WHOLE)
    plain = audit_file(file, parse=True)
    file.write_bytes(gzip.compress(WHOLE))
    packed = audit_file(file, parse=True)
    assert plain.audit.whole
    assert packed.audit.whole
    assert plain.venue == packed.venue == "coinbase-advanced"
    assert plain.sha256 == packed.sha256 == sha256(WHOLE).hexdigest()
    assert packed.content_bytes == len(WHOLE) > packed.file_bytes


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (gzip.compress(WHOLE)[:-9], [("unreadable", 51)]),
        (WHOLE + b"no json\n" + line(50, 60), [("unreadable", 51)]),
        (line(0) + line(2), [("gap", 2)]),
        (line(0) + line(0), [("repeat", 2)]),
        (line(0, 5) + line(1, 4), [("time", 2)]),
        (line(0) + line(1).replace(b'\\"2\\"', b'\\"1e5\\"'), [("frame", 2)]),
        (b"", [("empty", 0)]),
        (b"\x1f\x8b", [("unreadable", 1), ("empty", 1)]),
        (b"\x00" * 5000, [("unreadable", 1), ("empty", 1)]),
        (b'{"raw":"x","ts":"soon"}\n', [("unreadable", 1), ("empty", 1)]),
    ],
    ids=[
        "cut", "bad line", "gap", "repeat", "time", "frame", "nothing", "cut magic", "zeros",
        "bad time",
    ],
)  # fmt: skip
def test_damage_names_its_line(file, content, found):
    file.write_bytes(content)
    assert kinds(audit_file(file, parse=True)) == found


def test_a_file_that_grows_without_measure_is_left(file, monkeypatch):
    monkeypatch.setattr(recording_file, "EXPANDED_FREE_BYTES", 1000)
    file.write_bytes(gzip.compress(b'{"raw":"' + b" " * 2_000_000 + b'"}\n'))
    audited = audit_file(file)
    assert kinds(audited)[0][0] == "unreadable"
    assert "times its size" in audited.audit.problems[0].text


def test_a_file_that_is_not_there_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name in ("nowhere.jsonl", ".", "pipe.jsonl"):
        with pytest.raises(BadRecording):
            audit_file(tmp_path / name)
    assert list(sight_files(tmp_path)) == []


def test_a_list_names_what_can_be_played(tmp_path):
    (tmp_path / "b.jsonl").write_bytes(WHOLE)
    (tmp_path / "a.lfr").write_bytes(b'{"ts":1,"raw":"{}"}\n')
    (tmp_path / "c.txt").write_bytes(WHOLE)
    found = [(one.path.name, one.venue, bool(one.reason)) for one in sight_files(tmp_path)]
    assert found == [("a.lfr", None, True), ("b.jsonl", "coinbase-advanced", False)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_bytes_make_it_fail(file, data):
    content = bytearray(gzip.compress(WHOLE) if data.draw(st.booleans()) else WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    file.write_bytes(bytes(content))
    audit_file(file, parse=True)


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("coinbase-advanced-20260809-btcusd-reconnect", 1839),
        ("coinbase-exchange-l2-ticker-matches-20210417-6p", 6741),
    ],
)
def test_real_recordings_are_whole(name, frames):
    audited = audit_file(recording(name), parse=True)
    assert (audited.audit.frames, kinds(audited)) == (frames, [])
