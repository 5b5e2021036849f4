import json

import pytest
import typer

from ledgerflux.errors import ConfigError, Conflict, StackError, Timeout
from ledgerflux.stack import restarting
from ledgerflux.stack.restarting import Restarted, restart_service
from ledgerflux.stack.run_dir import NatsAddress, RunDir, RunState, ServiceState
from ledgerflux.wire.replay import Refused
from ledgerflux.wire.service_order import RestartAnswer
from ledgerflux_cli.commands.restart import restart

app = typer.Typer()
app.command()(restart)


def run(*arguments):
    return app(args=list(arguments), standalone_mode=False)


@pytest.fixture
def stack(tmp_path):
    """A data directory that is held, and a way to say how its services are."""
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()

    def services(*rows):
        run_dir.write(
            RunState(
                pid=1,
                warden_pid=2,
                state="up",
                started_ns=3,
                data_dir=str(run_dir.path),
                source="synthetic:200",
                durability="process",
                request={},
                nats=NatsAddress("nats://127.0.0.1:5", "u", "p"),
                services=list(rows),
            )
        )

    services(ServiceState("ingest", 7, "ready"), ServiceState("normalize-0", 8, "ready"))
    with run_dir.lock():
        run_dir.services = services
        yield run_dir


def answering(monkeypatch, stack, answer, *rows):
    def ask(_run_dir, _question, *, name):
        assert name == "restart"
        if rows:
            stack.services(*rows)
        return answer

    monkeypatch.setattr(restarting, "ask_bus", ask)
    monkeypatch.setattr(restarting, "LOOK_S", 0.001)


def test_the_command_says_when_the_service_is_ready_again(monkeypatch, stack, capsys):
    answering(
        monkeypatch, stack, RestartAnswer("normalize-0", 8), ServiceState("normalize-0", 9, "ready")
    )
    run("normalize/0", "--data-dir", str(stack.path))
    assert "normalize-0: ready again after 0.0 s (pid 9)" in capsys.readouterr().out


def test_as_json_it_names_both_processes(monkeypatch, stack, capsys):
    row = ServiceState("ingest", 9, "ready")
    answering(monkeypatch, stack, RestartAnswer("ingest", 7), row)
    run("ingest", "--data-dir", str(stack.path), "--json")
    document = json.loads(capsys.readouterr().out)
    seconds = document.pop("seconds")
    assert document == {"schema": "lf.restart/1", "service": "ingest", "pid_before": 7, "pid": 9}
    assert 0 <= seconds < 5


def test_a_service_that_is_not_there_is_refused_with_the_nearest_name(stack):
    with pytest.raises(ConfigError, match="did you mean ingest") as caught:
        run("ingst", "--data-dir", str(stack.path))
    assert (caught.value.code, caught.value.exit_code) == ("unknown_service", 2)


def test_without_a_stack_there_is_nothing_to_restart(tmp_path):
    with pytest.raises(Exception, match="no stack runs in") as caught:
        run("ingest", "--data-dir", str(tmp_path))
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("answer", "row", "error"),
    [
        (RestartAnswer(error=Refused("unknown_service", "none")), None, ConfigError),
        (RestartAnswer(error=Refused("unavailable", "ended")), None, Conflict),
        (RestartAnswer("ingest", 7), ServiceState("ingest", None, "failed"), StackError),
        (RestartAnswer("ingest", 7), ServiceState("ingest", 7, "ready"), Timeout),
        (RestartAnswer("ingest", 7), ServiceState("nats", 1, "ready"), Timeout),
    ],
)
def test_what_does_not_come_back_is_an_error(monkeypatch, stack, answer, row, error):
    answering(monkeypatch, stack, answer, *([] if row is None else [row]))
    with pytest.raises(error):
        restart_service(stack, "ingest", timeout_s=0.02)


def test_what_was_done_is_told_as_data():
    assert Restarted("ingest", 7, 9, 0.5)._fields == ("service", "pid_before", "pid", "seconds")
