"""The logs of a stack as one stream."""

import itertools
import json
import os
import re

import pytest

from ledgerflux.adapters import log_files
from ledgerflux.adapters.log_files import cut_logs, older_of
from ledgerflux.errors import ConfigError, NotRunning
from ledgerflux.model.units import NANOS_PER_S, rfc3339
from ledgerflux.stack.logs import Entry, Logs, Wanted, choose_services, services_in
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.telemetry.log_lines import read_line


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path)
    made.logs.mkdir()
    return made


def line(second, event="thing.happened", level="info", **fields):
    ts = rfc3339(second * NANOS_PER_S)
    return json.dumps({"ts": ts, "level": level, "event": event, **fields}) + "\n"


def write(run_dir, service, *lines):
    with run_dir.log(service).open("a") as file:
        file.writelines(lines)


def seen(logs):
    return [(entry.service, entry.line.time_ns // NANOS_PER_S) for entry in logs.more()]


def test_lines_of_all_services_come_in_the_order_of_time(run_dir):
    write(run_dir, "ingest", line(1), line(4))
    write(run_dir, "gateway", line(2), line(3), line(5))
    in_order = [("ingest", 1), ("gateway", 2), ("gateway", 3), ("ingest", 4), ("gateway", 5)]
    assert seen(Logs(run_dir, None)) == in_order


def test_older_lines_come_first(run_dir):
    write(run_dir, "ingest", line(3))
    older_of(run_dir.log("ingest")).write_text(line(1) + line(2))
    assert seen(Logs(run_dir, None)) == [("ingest", 1), ("ingest", 2), ("ingest", 3)]


def test_only_what_is_new_comes_the_second_time(run_dir):
    write(run_dir, "ingest", line(1))
    logs = Logs(run_dir, None)
    assert seen(logs) == [("ingest", 1)]
    assert seen(logs) == []
    write(run_dir, "ingest", line(2))
    write(run_dir, "gateway", line(3))
    assert seen(logs) == [("ingest", 2), ("gateway", 3)], "a service that came later, too"


def test_named_services_only(run_dir):
    write(run_dir, "ingest", line(1))
    write(run_dir, "gateway", line(2))
    assert seen(Logs(run_dir, ["gateway", "not-yet"])) == [("gateway", 2)]


@pytest.mark.parametrize("rename", [False, True], ids=["cut", "put aside"])
def test_no_line_is_lost_when_a_log_is_cut_or_put_aside(run_dir, rename, monkeypatch):
    monkeypatch.setattr(log_files, "LOG_BYTES_MAX", 10)
    log = run_dir.log("ingest")
    write(run_dir, "ingest", line(1), line(2))
    logs = Logs(run_dir, None)
    seen(logs)
    write(run_dir, "ingest", line(3))
    if rename:
        log_files.keep_older(log)
    else:
        cut_logs(run_dir.logs)
    write(run_dir, "ingest", line(4))
    assert seen(logs) == [("ingest", 3), ("ingest", 4)]


def test_a_line_that_is_being_written_waits_for_its_end(run_dir):
    text = line(1)
    write(run_dir, "ingest", text[:20])
    following, once = Logs(run_dir, None, whole_lines=True), Logs(run_dir, None)
    assert seen(following) == []
    assert len(seen(once)) == 1
    write(run_dir, "ingest", text[20:])
    assert seen(following) == [("ingest", 1)]


def test_lines_before_the_first_time_have_that_time(run_dir):
    write(run_dir, "postgres", "creating directory\n", "ok\n", line(7))
    write(run_dir, "gateway", line(6))
    assert [second for _, second in seen(Logs(run_dir, None))] == [6, 7, 7, 7]


def test_a_log_without_any_time_has_that_of_its_file(run_dir):
    write(run_dir, "postgres", "creating directory\n")
    os.utime(run_dir.log("postgres"), (9, 9))
    assert seen(Logs(run_dir, None)) == [("postgres", 9)]


def test_many_lines_without_a_time_are_not_held_back_for_ever(run_dir):
    write(run_dir, "postgres", *["x\n"] * 1500)
    logs = Logs(run_dir, None)
    assert len(list(itertools.islice(logs.more(), 1400))) == 1400


def test_blank_lines_and_broken_bytes(run_dir):
    run_dir.log("ingest").write_bytes(b"\n  \n\xff\xfe\r\n" + b"y" * 200_000 + b"\n")
    entries = list(Logs(run_dir, None).more())
    assert entries[0].line.raw == "\ufffd\ufffd"
    assert max(len(entry.line.raw) for entry in entries) <= 64 * 1024
    assert sum(len(entry.line.raw) for entry in entries) == 200_002


def test_services_are_named_as_people_name_them(run_dir):
    for name in ("gateway", "normalize-0", "normalize-10", "supervisor"):
        write(run_dir, name, line(1))
    assert services_in(run_dir) == ["gateway", "normalize-0", "normalize-10", "supervisor"]
    assert choose_services(run_dir, []) == services_in(run_dir)
    assert choose_services(run_dir, ["normalize"]) == ["normalize-0", "normalize-10"]
    assert choose_services(run_dir, ["normalize/10", "gateway"]) == ["gateway", "normalize-10"]
    assert choose_services(run_dir, ["normalize-0"]) == ["normalize-0"]
    write(run_dir, "gateway-1", line(1))
    assert choose_services(run_dir, ["gateway"]) == ["gateway", "gateway-1"]
    assert choose_services(run_dir, ["gateway/0"]) == ["gateway"]
    assert choose_services(run_dir, ["gateway-1"]) == ["gateway-1"]
    with pytest.raises(ConfigError, match="no log of 'ingest' here: there are gateway") as refused:
        choose_services(run_dir, ["gateway", "ingest"])
    assert refused.value.code == "unknown_service"


def test_where_nothing_has_run_there_is_no_log(tmp_path):
    with pytest.raises(NotRunning, match="no stack has run"):
        choose_services(RunDir(tmp_path / "nowhere"), [])


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        (Wanted(), True),
        (Wanted(level="warning"), True),
        (Wanted(level="error"), False),
        (Wanted(since_ns=5 * NANOS_PER_S), True),
        (Wanted(since_ns=5 * NANOS_PER_S + 1), False),
        (Wanted(until_ns=5 * NANOS_PER_S), False),
        (Wanted(until_ns=5 * NANOS_PER_S + 1), True),
        (Wanted(include=re.compile("^ingest socket")), True),
        (Wanted(include=re.compile("gateway")), False),
        (Wanted(exclude=re.compile("reason=1006")), False),
        (Wanted(exclude=re.compile("1000")), True),
        (Wanted(include=re.compile("socket"), exclude=re.compile("closed")), False),
    ],
)
def test_filters(wanted, takes):
    raw = line(5, "socket.closed", "warning", reason="1006").strip()
    assert wanted.takes(Entry("ingest", read_line(raw))) is takes


def test_when_nothing_more_can_be_wanted():
    assert not Wanted().is_over(10)
    assert not Wanted(until_ns=10).is_over(9)
    assert Wanted(until_ns=10).is_over(10)
