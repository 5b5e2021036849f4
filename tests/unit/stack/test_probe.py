import json
import socket
import ssl
import subprocess
import sys
import threading

import pytest
from tls_files import make_tls

from ledgerflux.stack import probe

READY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"state": "ready"}'


@pytest.fixture
def answering():
    """Yield a function that answers connections with bytes, and returns port and requests."""
    listeners, threads = [], []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        requests = []

        def serve():
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        requests.append(connection.recv(65_536))
                        connection.sendall(answer)
            except OSError:
                return

        listeners.append(listener)
        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return listener.getsockname()[1], requests

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join()


def test_status_and_body_of_what_answers(answering):
    port, requests = answering(READY)
    assert probe.ask(port) == (200, b'{"state": "ready"}')
    assert requests[0].startswith(b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1"])
def test_what_is_no_http_is_no_answer(answering, answer):
    port, _ = answering(answer)
    with pytest.raises(probe.NoAnswer, match="speaks no HTTP"):
        probe.ask(port)


def test_an_answer_without_end_is_read_only_so_far(answering, monkeypatch):
    monkeypatch.setattr(probe, "ANSWER_BYTES_MAX", 32)
    port, _ = answering(READY)
    assert probe.ask(port)[1] == b""


def test_who_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(probe, "TIMEOUT_S", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(probe.NoAnswer, match="timed out"):
        probe.ask(silent.getsockname()[1])


@pytest.mark.parametrize(
    ("environment", "port", "tls"),
    [
        ({}, "8000", False),
        ({"LF_PORT": "", "LF_HTTP_PORT": ""}, "8000", False),
        ({"LF_PORT": "8001"}, "8001", False),
        ({"LF_PORT": "8001", "LF_HTTP_PORT": "0"}, "8001", False),
        ({"LF_PORT": "8001", "LF_HTTP_PORT": "9100"}, "9100", False),
        ({"LF_PORT": "8001", "LF_TLS_CERT": "c"}, "8001", True),
        ({"LF_TLS_CERT": "c", "LF_HTTP_PORT": "9100"}, "9100", False),
    ],
)
def test_the_role_of_a_container_is_where_its_environment_says(environment, port, tls):
    assert probe.own(environment) == (port, tls)


def test_it_asks_the_role_of_its_container(answering, capsys):
    port, requests = answering(READY)
    assert probe.main([], {"LF_HTTP_PORT": str(port), "LF_PORT": "1"}) == 0
    assert json.loads(capsys.readouterr().out) == {"state": "ready"}
    assert requests[0].startswith(b"GET /ready ")


def test_a_gateway_with_a_certificate_is_asked_over_tls(tmp_path, capsys):
    _, certificate, key = make_tls(tmp_path, "elsewhere.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(listener):
        with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            connection.recv(65_536)
            connection.sendall(READY)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        port = str(listener.getsockname()[1])
        assert probe.main([], {"LF_PORT": port, "LF_TLS_CERT": "c"}) == 0
        thread.join()
    assert json.loads(capsys.readouterr().out) == {"state": "ready"}


@pytest.mark.parametrize("port", ["70000", "many", ""])
def test_what_is_no_port_is_not_ready(capsys, port):
    assert probe.main([port], {}) == 1
    assert capsys.readouterr().out


def test_it_asks_what_it_is_told_to(answering, capsys):
    port, requests = answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\nnot yet")
    assert probe.main([str(port), "/healthz"], {"LF_PORT": "1"}) == 1
    assert capsys.readouterr().out == "not yet\n"
    assert requests[0].startswith(b"GET /healthz ")


def test_where_nothing_listens_nothing_is_ready(capsys):
    assert probe.main(["1", "/"], {}) == 1
    assert capsys.readouterr().out.startswith("nothing answers on port 1: ")


def test_it_runs_by_itself_and_imports_next_to_nothing(answering):
    port, _ = answering(READY)
    told = (sys.executable, "-IS", "-X", "importtime", probe.__file__, str(port), "/ready")
    ran = subprocess.run(told, capture_output=True, text=True, timeout=20, check=False)
    assert (ran.returncode, ran.stdout) == (0, '{"state": "ready"}\n'), ran.stderr
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "socket" in imported
    assert not imported & {"json", "re", "typing", "http.client", "ledgerflux"}
