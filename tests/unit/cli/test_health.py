import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ledgerflux_cli.app import run_command


@pytest.fixture
def role():
    """Yield a function that has a role answer `/ready`, and returns its port."""
    servers = []

    def serve(status, body):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == "/ready" else 404)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server.server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(capsys, *arguments):
    code = run_command(["health", *arguments])
    return code, capsys.readouterr().out.strip()


def test_a_role_that_is_ready_is_healthy(role, capsys):
    port = role(200, {"ready": True, "state": "ready", "reason": ""})
    assert asked(capsys, "--http-port", str(port)) == (0, "ready")
    assert asked(capsys, "--port", str(port)) == (0, "ready")


def test_one_that_is_not_says_why(role, capsys):
    port = role(503, {"ready": False, "state": "degraded", "reason": "NATS does not answer"})
    assert asked(capsys, "--http-port", str(port)) == (1, "degraded NATS does not answer")


def test_the_port_is_that_of_the_containers_environment(role, capsys, monkeypatch):
    port = role(200, {"ready": True, "state": "ready", "reason": ""})
    monkeypatch.setenv("LF_HTTP_PORT", str(port))
    assert asked(capsys) == (0, "ready")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"state": 1}'])
def test_something_else_is_no_role(role, capsys, body):
    port = role(200, body)
    assert asked(capsys, "--http-port", str(port)) == (1, f"what answers on port {port} is no role")


def test_where_nothing_listens_nothing_is_healthy(role, capsys):
    code, told = asked(capsys, "--http-port", "1")
    assert code == 1
    assert told.startswith("nothing answers on port 1: ")


@pytest.mark.parametrize("flag", ["--port", "--http-port"])
def test_a_port_that_is_none_is_refused(capsys, flag):
    assert run_command(["health", flag, "70000"]) == 2
    assert flag in capsys.readouterr().err
