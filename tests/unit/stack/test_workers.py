import asyncio
from pathlib import Path

import pytest

from ledgerflux.adapters.process import Child, Command
from ledgerflux.errors import ConfigError, Conflict, StackError
from ledgerflux.settings import RoleSettings
from ledgerflux.stack import workers
from ledgerflux.stack.worker import order, read_order
from ledgerflux.stack.workers import WorkerRunner, run_workers, settings_of_each

SETTINGS = RoleSettings(
    data_dir=Path("/data"),
    nats_url="nats://127.0.0.1:4222",
    nats_password="secret",
    tls_cert=Path("cert.pem"),
    origins=("https://example.com",),
    port=8000,
    workers=3,
)


def test_each_worker_has_a_name_and_a_port_of_its_own_and_shares_the_other():
    each = settings_of_each(SETTINGS)
    assert [worker.instance for worker in each] == ["0", "1", "2"]
    assert len({worker.http_port for worker in each}) == 3
    assert {(worker.port, worker.shares_port, worker.workers) for worker in each} == {
        (8000, True, 1)
    }


def test_ports_and_names_follow_those_asked_for():
    asked = {"http_port": 9100, "instance": "edge"}
    each = settings_of_each(RoleSettings(data_dir=Path(), nats_url="", workers=2, **asked))
    assert [(one.instance, one.http_port) for one in each] == [("edge-0", 9100), ("edge-1", 9101)]


def test_what_a_worker_is_told_reads_back():
    assert read_order(order(SETTINGS)) == SETTINGS


class Ended:
    pid, returncode = 1, 1


class Spawned:
    """Keeps what was to be started."""

    def __init__(self):
        self.commands = []

    async def __call__(self, command: Command) -> Child:
        self.commands.append(command)
        return Child(command, Ended())


async def test_the_password_is_no_argument_and_a_second_life_takes_over():
    [worker, *_] = settings_of_each(SETTINGS)
    spawned, runner = Spawned(), WorkerRunner(worker)
    for _ in range(2):
        await runner.launch(spawned)
    assert all("secret" not in word for command in spawned.commands for word in command.argv)
    told = [read_order(command.order) for command in spawned.commands]
    assert [settings.take_over for settings in told] == [False, True]
    assert all("/data" in command.argv for command in spawned.commands), "the warden looks for it"


async def test_a_worker_is_ready_when_it_answers_and_not_when_it_ended():
    [worker, *_] = settings_of_each(SETTINGS)
    runner = WorkerRunner(worker)
    with pytest.raises(StackError):
        await runner.wait_ready(Child(Command(("x",), Path()), Ended()))

    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", worker.http_port):
        await runner.wait_ready(Child(Command(("x",), Path()), Ended()))
    assert runner.address == f"http://127.0.0.1:{worker.http_port}/metrics"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tls_cert": Path("cert.pem")}, "bad_certificate"),
        ({"host": "0.0.0.0"}, "insecure_listen"),
        ({"http_port": 65_535}, "bad_argument"),
    ],
)
def test_what_is_wrong_with_all_is_said_before_any_is_started(monkeypatch, changed, code):
    monkeypatch.setattr(workers, "Workers", None)
    with pytest.raises(ConfigError) as caught:
        run_workers(RoleSettings(data_dir=Path(), nats_url="", workers=2, port=0, **changed))
    assert caught.value.code == code


def test_a_port_that_others_have_is_refused(monkeypatch):
    monkeypatch.setattr(workers, "Workers", None)
    with workers.reserved_socket("127.0.0.1", 0) as held:
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(Conflict):
            run_workers(RoleSettings(data_dir=Path(), nats_url="", workers=2, port=port))
