import asyncio
import os
import signal
import sys
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
    shared_networks=("10.0.0.0/8",),
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


def test_no_two_workers_draw_the_same_port(monkeypatch):
    drawn = iter([9001, 9001, 9002, 9001, 9003])
    monkeypatch.setattr(workers, "free_port", lambda: next(drawn))
    assert [worker.http_port for worker in settings_of_each(SETTINGS)] == [9001, 9002, 9003]


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


DIES = "import sys; sys.exit(int(sys.stdin.read()))"
"""A worker that ends as it is told, before it is ready."""
LIVES = """
import http.server, pathlib, signal, sys
port, sign, code = sys.stdin.read().split()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if pathlib.Path(sign).exists():
    sys.exit(int(code))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()
"""
"""A worker that is ready, and in a later life ends as it is told where the file `sign` exists."""


def script(monkeypatch, program, told):
    command = (sys.executable, "-I", "-S", "-c", program)
    monkeypatch.setattr(workers, "WORKER_COMMAND", command)
    monkeypatch.setattr(workers, "order", lambda settings: told(settings).encode())


def two(tmp_path):
    return RoleSettings(data_dir=tmp_path, nats_url="", port=0, workers=2)


@pytest.mark.parametrize("code", [2, 6])
def test_one_that_can_not_start_ends_all_with_its_code(monkeypatch, tmp_path, code):
    script(monkeypatch, DIES, lambda _: str(code))
    with pytest.raises(StackError, match=r"gateway-\d did not start") as caught:
        run_workers(two(tmp_path))
    assert caught.value.exit_code == code


class Watched(workers.Workers):
    """Tells of what happens, and stops when `stops` says so."""

    def __init__(self, settings, happened):
        self.happened = happened
        super().__init__(settings)

    def _note_deaths(self):
        super()._note_deaths()
        self.happened(self, [(row.name, row.state) for row in self._supervisor.standings])


@pytest.mark.parametrize("names", [["gateway-1"], ["gateway-0", "gateway-1"]])
def test_one_given_up_later_leaves_the_others_and_the_last_ends_all(monkeypatch, tmp_path, names):
    sign = tmp_path / "sign"
    script(monkeypatch, LIVES, lambda settings: f"{settings.http_port} {sign} 6")
    seen = []

    def happened(them, standings):
        seen.append(dict(standings))
        if [name for name, state in standings if state == "failed"] == names == ["gateway-1"]:
            them._ask_to_stop("SIGTERM")

    ready = []

    def say_ready(member, _seconds):
        ready.append(member.service.name)
        if len(ready) == 2:
            sign.touch()
            for name in names:
                made[0]._supervisor._children[name].kill()

    made = []

    def make(settings):
        made.append(Watched(settings, happened))
        return made[0]

    monkeypatch.setattr(workers, "_say_ready", say_ready)
    monkeypatch.setattr(workers, "Workers", make)
    if len(names) == 2:
        with pytest.raises(StackError, match="every worker"):
            run_workers(two(tmp_path))
    else:
        assert run_workers(two(tmp_path)) == 0
        assert seen[-1] == {"gateway-0": "ready", "gateway-1": "failed"}


def test_a_second_signal_forces_the_end(monkeypatch, tmp_path):
    stubborn = LIVES.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")
    script(monkeypatch, stubborn, lambda settings: f"{settings.http_port} {tmp_path}/no 0")
    ready = []

    def say_ready(member, _seconds):
        ready.append(member)
        if len(ready) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
            asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(workers, "_say_ready", say_ready)
    assert run_workers(two(tmp_path)) == workers.INTERRUPTED
