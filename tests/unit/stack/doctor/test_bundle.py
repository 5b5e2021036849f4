import json
import stat

import pytest

from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.doctor.bundle import refuse_place, report, without_secrets, write_report
from ledgerflux.stack.run_dir import NatsAddress, RunDir, RunState

PASSWORD = "0123456789abcdef"


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir(tmp_path / "lf")
    made.claim()
    made.logs.mkdir()
    made.nats.mkdir()
    (made.nats / "password").write_text(PASSWORD)
    made.postgres.with_name("postgres.pgpass").write_text("*:*:*:ledgerflux:pgsecret99\n")
    nats = NatsAddress("nats://127.0.0.1:1", "u", PASSWORD)
    made.write(RunState(1, 2, "up", 3, str(made.path), "s", "process", {}, [], None, nats))
    lines = [f"line {number}" for number in range(200)]
    lines += [f"connecting with {PASSWORD}", "dsn postgresql://me:hunter2@db/x?password=hunter3"]
    made.log("ingest").write_text("\n".join(lines))
    return made


def make(run_dir, **more):
    given = {
        "now_ns": 0,
        "versions": {"ledgerflux": "1"},
        "environment": {"LF_SOURCE": "synthetic", "LF_NATS_URL": "nats://u:pw@h", "HOME": "/me"},
        "findings": [Finding("python", "PASS", "3.11")],
        "status": {"state": "healthy"},
        "bugs": run_dir.logs / "lf-bugs.txt",
    }
    return report(run_dir, **given | more)


def test_a_report_holds_what_a_bug_report_needs(run_dir):
    made = make(run_dir)
    assert made["schema"] == "lf.report/1"
    assert made["checks"][0] == {"name": "python", "result": "PASS", "finding": "3.11", "fix": ""}
    assert made["status"] == {"state": "healthy"}
    assert made["run"]["state"] == "up"
    assert len(made["logs"]["ingest"]) == 50
    assert made["environment"] == {"LF_NATS_URL": "***", "LF_SOURCE": "synthetic"}
    assert made["bugs"] == []


def test_no_password_is_in_a_report(run_dir):
    text = json.dumps(make(run_dir))
    for secret in (PASSWORD, "pgsecret99", "hunter2", "hunter3", "u:pw"):
        assert secret not in text


def test_a_report_of_nothing_is_one_too(tmp_path):
    made = make(RunDir(tmp_path / "none"), status=None)
    assert made["run"] is None
    assert made["logs"] == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nats://u:pw@h:4222", "nats://u:***@h:4222"),
        ("password=x y", "password=*** y"),
        ('{"password":"abc","n":1}', '{"password":"***","n":1}'),
        ("Token: abc", "Token: ***"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text, shown):
    assert without_secrets({"a": [text, 1]}) == {"a": [shown, 1]}


def test_a_report_is_a_new_private_file(tmp_path):
    path = tmp_path / "report.json"
    write_report(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_report(path, {"a": 2})


def test_a_report_finds_its_place_before_anything_is_looked_at(tmp_path):
    refuse_place(tmp_path / "report.json")
    (tmp_path / "old.json").write_text("")
    with pytest.raises(Conflict, match="exists"):
        refuse_place(tmp_path / "old.json")
    with pytest.raises(ConfigError, match="there is no directory"):
        refuse_place(tmp_path / "none" / "report.json")
