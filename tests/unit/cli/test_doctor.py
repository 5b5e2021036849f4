import json

import pytest

from ledgerflux.stack.doctor import Finding, machine
from ledgerflux_cli.app import run_command
from ledgerflux_cli.commands import doctor as module
from ledgerflux_cli.commands.doctor import line_of


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "LF_DATA_DIR", "LF_PORT", "LF_TARGET"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        code = run_command(["doctor", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_every_line_says_what_was_found_and_how_to_mend_it():
    assert line_of(Finding("disk", "WARN", "4 GiB", "lf clean")) == (
        "WARN disk         - 4 GiB - fix: lf clean"
    )
    assert line_of(Finding("disk", "PASS", "9 GiB")) == "PASS disk         - 9 GiB"


def test_a_fit_machine_is_exit_0(lf):
    code, out, _ = lf()
    assert code == 0
    names = [line[5:17].strip() for line in out.splitlines()]
    for name in ("python", "nats", "postgres", "directory", "disk", "port", "descriptors"):
        assert name in names
    for name in ("clock", "settings", "time service", "terminal", "leftovers", "stack", "streams"):
        assert name in names


def test_a_failure_is_exit_5_and_the_rest_is_looked_at_all_the_same(lf, monkeypatch):
    monkeypatch.setattr(machine, "python", lambda: Finding("python", "FAIL", "too old", "x"))
    code, out, _ = lf("--json")
    document = json.loads(out)
    assert (code, document["schema"], document["result"]) == (5, "lf.doctor/1", "FAIL")
    assert document["checks"][0]["result"] == "FAIL"
    assert len(document["checks"]) > 10


def test_what_can_not_be_looked_at_fails_and_the_rest_is_looked_at(lf, monkeypatch):
    def refused(_run_dir):
        raise PermissionError(13, "Permission denied", "/x")

    monkeypatch.setattr(machine, "directory", refused)
    code, out, _ = lf()
    assert code == 5
    assert "FAIL directory    - [Errno 13] Permission denied: '/x'" in out
    assert "streams" in out


def test_a_report_is_written_beside_what_is_shown(lf, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_look", lambda *_: iter([Finding("disk", "WARN", "hm", "x")]))
    path = tmp_path / "report.json"
    code, out, err = lf("--report", str(path))
    assert (code, out) == (0, "WARN disk         - hm - fix: x\n")
    assert "look it through before you send it" in err
    assert json.loads(path.read_text())["checks"][0]["name"] == "disk"
    code, _, err = lf("--report", str(path))
    assert (code, err.startswith("error[file_exists]")) == (6, True)


def test_a_target_that_does_not_exist_is_refused(lf):
    code, _, err = lf("--target", "lokal")
    assert code == 2
    assert "none of local, compose, minikube: did you mean local?" in err
