import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledgerflux import __version__
from ledgerflux_cli import app
from ledgerflux_cli.app import run_command


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    """Run a command on an empty home; return (exit code, stdout, stderr)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "LF_DATA_DIR", "LF_SOURCE", "LF_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        code = run_command(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_every_command_by_group_with_examples(lf, arguments):
    code, out, err = lf(*arguments)
    assert (code, err) == (0, "")
    for word in ("Run the stack", "  up ", "  down ", "  run ", "Configure", "Examples"):
        assert word in out
    assert "lf up -d --source coinbase-advanced" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", ["up", "down", "status", "wait", "run", "version", "help"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself(lf, command, flag):
    code, out, err = lf(command, flag)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: lf {command}")


@pytest.mark.parametrize("arguments", [("version",), ("--version",)])
def test_the_version_names_what_it_runs_on(lf, arguments):
    code, out, _ = lf(*arguments)
    assert code == 0
    assert __version__ in out
    assert "nats_server" in out


def test_the_version_as_json_has_a_schema(lf):
    document = json.loads(lf("version", "--json")[1])
    assert document["schema"] == "lf.version/1"
    assert document["ledgerflux"] == __version__


def test_a_part_that_is_not_installed_is_said_so(lf, monkeypatch):
    monkeypatch.setattr("ledgerflux_cli.versions.PARTS", (("x", "no-such-package"),))
    assert "not installed" in lf("version")[1]
    assert json.loads(lf("version", "--json")[1])["x"] is None


def test_help_on_a_command_is_its_own(lf):
    assert lf("help", "down") == lf("down", "--help")
    assert lf("help", "run")[1].startswith("Usage: lf run")


def test_the_exit_codes_are_one_table(lf):
    code, out, _ = lf("help", "exit-codes")
    assert code == 0
    assert " 10  unhealthy" in out
    document = json.loads(lf("help", "exit-codes", "--json")[1])
    assert document["schema"] == "lf.exit-codes/1"
    assert {"code": 6, "name": "conflict"}.items() <= document["exit_codes"][6].items()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hepl",), "there is no command 'hepl': did you mean help?"),
        (("up", "--shard", "3"), "--shard"),
        (("up", "--shards", "99"), "--shards: "),
        (("up", "--shards", "many"), "--shards"),
        (("up", "--source", "kraken"), "is no source"),
        (("up", "--products", "btc"), "no product id"),
        (("up", "--products", "BTC-USD,BTC-USD"), "named twice"),
        (("up", "--speed", "0"), "--speed: "),
        (("up", "--at-end", "stop"), "--at-end: "),
        (("up", "--durability", "none"), "--durability: "),
        (("up", "--target", "moon"), "--target: "),
        (("up", "--port", "70000"), "--port: "),
        (("up", "--wait-timeout", "soon"), "is no duration"),
        (("up", "nonsense"), "no service 'nonsense'"),
        (("up", "--source", "replay:/no/such/file"), "no recording"),
        (("wait", "--for", "godot"), "is none of up, healthy"),
        (("wait", "--for", "up", "--timeout", "1"), "is no duration"),
        (("wait",), "--for"),
        (("help", "me"), "no help on 'me'"),
        (("run",), "a command is missing: exchange, ingest"),
        (("run", "normalize"), "--shard"),
        (("run", "normalize", "--shard", "4", "--nats", "nats://h:1"), "shards count from 0"),
        (("run", "ingest", "--nats", "h:4222"), "is no address"),
        (("run", "ingest", "--nats", "nats://h:1", "--log-level", "loud"), "--log-level: "),
        (("status", "--gateway", "localhost:8000"), "is no address"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2_and_leaves_nothing(lf, arguments, said, tmp_path):
    code, out, err = lf(*arguments)
    assert (code, out) == (2, "")
    first, *rest = err.splitlines()
    assert first.startswith("error[")
    assert said in first
    assert all(line.startswith("  ") for line in rest)
    assert "Traceback" not in err
    assert [*tmp_path.iterdir()] == []


def test_an_error_as_json_is_one_object_on_standard_error(lf):
    code, out, err = lf("up", "nonsense", "--json")
    assert (code, out) == (2, "")
    error = json.loads(err)["error"]
    assert error.keys() == {"code", "exit", "message", "next", "retryable"}
    assert (error["code"], error["exit"], error["retryable"]) == ("unknown_service", 2, False)


def test_a_variable_stands_in_for_a_flag_and_a_flag_wins(lf, monkeypatch):
    monkeypatch.setenv("LF_SOURCE", "kraken")
    assert "'kraken' is no source" in lf("up")[2]
    assert "'bitstamp' is no source" in lf("up", "--source", "bitstamp")[2]
    monkeypatch.setenv("LF_SOURCE", "")
    assert "no service" in lf("up", "nonsense")[2]


@pytest.mark.parametrize("arguments", [("status",), ("wait", "--for", "up")])
def test_without_a_stack_the_way_to_one_is_named(lf, arguments):
    code, _, err = lf(*arguments)
    assert code == 3
    assert err.startswith("error[not_running]: no stack runs in ")
    assert err.endswith("  next: lf up\n")


def test_the_status_of_no_stack_is_a_document_too(lf):
    code, out, err = lf("status", "--json")
    assert code == 3
    assert json.loads(out)["state"] == "down"
    assert json.loads(err)["error"]["code"] == "not_running"


def test_stopping_nothing_is_fine(lf, tmp_path):
    code, out, _ = lf("down")
    assert code == 0
    assert out == f"nothing runs in {tmp_path}/.local/state/ledgerflux/default\n"
    document = json.loads(lf("down", "--json")[1])
    assert document["schema"] == "lf.down/1"
    assert document["was_running"] is False


def test_a_role_without_a_stack_says_what_it_needs(lf):
    for role in ("ingest", "gateway", "snapshot"):
        code, _, err = lf("run", role)
        assert code == 3
        assert "lf up nats postgres" in err


def test_a_bug_is_told_without_a_traceback_unless_asked_for(lf, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("oops")

    monkeypatch.setattr("ledgerflux_cli.versions.versions", broken)
    code, _, err = lf("version")
    assert code == 1
    bug, see, send = err.splitlines()
    assert bug == "error[bug]: RuntimeError: oops (a bug in lf)"
    kept = Path(see.removeprefix("  next: see "))
    assert "in broken" in kept.read_text()
    assert "lf doctor --report" in send
    monkeypatch.setenv("LF_DEBUG", "1")
    with pytest.raises(RuntimeError):
        lf("version")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            PermissionError(13, "denied", "/x/y"),
            5,
            "error[permission_denied]: no permission: /x/y: denied",
        ),
        (OSError(28, "No space left on device"), 1, "error[system]: No space left"),
    ],
)
def test_what_the_machine_refuses_is_no_bug(lf, monkeypatch, error, code, said):
    def refused(*_, **__):
        raise error

    monkeypatch.setattr("ledgerflux_cli.versions.versions", refused)
    got, _, err = lf("version")
    assert got == code
    assert err.startswith(said)


def test_an_interrupt_is_130(lf, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ledgerflux_cli.versions.versions", interrupted)
    assert lf("version") == (130, "", "")


def test_main_exits_with_the_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["lf", "nonsense"])
    with pytest.raises(SystemExit) as caught:
        app.main()
    assert caught.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "ledgerflux_cli", "help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
