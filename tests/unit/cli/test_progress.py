import pytest

from ledgerflux.settings import UpRequest
from ledgerflux.stack.events import Failed, Note, ServiceDied, ServiceReady, Starting, Stopping, Up
from ledgerflux.stack.run_dir import GatewayAddress, NatsAddress, RunState, ServiceState
from ledgerflux_cli.progress import Progress, up_document

STATE = RunState(
    pid=1,
    warden_pid=2,
    state="up",
    started_ns=3,
    data_dir="/d",
    source="synthetic:200",
    durability="process",
    request={},
    services=[ServiceState("nats", 4, "ready")],
    gateway=GatewayAddress("ws://h/v1/ws", "http://h"),
    gateways=[GatewayAddress("ws://h/v1/ws", "http://h")],
    nats=NatsAddress("nats://h:1", "u", "p"),
    postgres="postgresql://",
)


class Lines(list):
    def above(self, text):
        self.append(text)
        return True


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Starting("synthetic:200", "disk", "/d", 8000),
            "source synthetic:200 · durability disk · /d",
        ),
        (ServiceReady("nats", 0.42, "nats://h:1"), "  nats         ready    0.4 s   nats://h:1"),
        (ServiceReady("normalize-0", 12.3), "  normalize-0  ready   12.3 s"),
        (Up(STATE, 3.94), "up in 3.9 s · next: lf status · stop: lf down"),
    ],
)
def test_the_start_is_told_line_by_line(event, line):
    lines = []
    Progress(UpRequest(), to=lines.append, stop_hint="lf down").tell(event)
    assert lines == [line]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (ServiceReady("nats", 0.9, again=True), "nats is back after 0.9 s"),
        (ServiceDied("nats", -9, "", again=True), "nats ended (signal 9), starting it again"),
        (ServiceDied("a", 6, "x", again=False), "a ended (exit code 6), not started again: x"),
        (Note("chmod o+x /root"), "note: chmod o+x /root"),
        (Stopping("SIGINT"), "stopping… again to force"),
        (Stopping("all is through"), "all is through: stopping…"),
    ],
)
def test_what_happens_later_is_talk(event, line, capsys):
    lines, live = [], Lines()
    Progress(UpRequest(), to=lines.append, stop_hint="").tell(event)
    assert lines == []
    assert capsys.readouterr().err == line + "\n"
    Progress(UpRequest(), to=lines.append, stop_hint="", live=live).tell(event)
    assert live == [line]
    assert capsys.readouterr().err == ""


def test_a_failure_is_left_to_the_error(capsys):
    Progress(UpRequest(), to=print, stop_hint="").tell(Failed("code", 1, "message"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("asked", "source", "said"),
    [
        ("auto", "coinbase-advanced", "source auto: coinbase-advanced, it answers"),
        ("auto", "synthetic:200", "source auto: synthetic:200, no venue answered within 3 s"),
    ],
)
def test_the_source_that_was_found_is_said(asked, source, said, capsys):
    progress = Progress(UpRequest(source=asked), to=lambda _: None, stop_hint="")
    progress.tell(Starting(source, "process", "/d", 8000))
    assert capsys.readouterr().err == said + "\n"


@pytest.mark.parametrize(
    ("asked", "port", "said"),
    [
        (None, 8001, "port 8000 is taken: the gateway is on 8001\n"),
        (None, 8000, ""),
        (None, 0, ""),
        (8001, 8001, ""),
    ],
)
def test_another_port_than_the_usual_is_said(asked, port, said, capsys):
    progress = Progress(UpRequest(port=asked), to=lambda _: None, stop_hint="")
    progress.tell(Starting("synthetic:200", "process", "/d", port))
    assert capsys.readouterr().err == said


def test_the_document_holds_addresses_that_can_be_used():
    document = up_document(STATE)
    assert document["schema"] == "lf.up/1"
    assert document["nats"] == "nats://u:p@h:1"
    assert document["gateway"] == {"ws": "ws://h/v1/ws", "http": "http://h"}
    assert document["services"] == [{"name": "nats", "pid": 4, "state": "ready"}]
    bare = RunState(1, 2, "up", 3, "/d", "s", "process", {})
    assert (up_document(bare)["nats"], up_document(bare)["gateway"]) == (None, None)
