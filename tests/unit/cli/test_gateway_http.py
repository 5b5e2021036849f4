import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ledgerflux.errors import ConfigError, GatewayError
from ledgerflux_cli.gateway_http import get_status

STATUS = {"schema": "lf.status/1", "state": "healthy"}


@pytest.fixture
def gateway():
    """Yield (url, answers): a server that answers each path with (code, body)."""
    answers = {"/v1/status": (200, json.dumps(STATUS).encode())}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, body = answers[self.path]
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_the_status_is_read(gateway, scheme):
    url, _ = gateway
    assert get_status(url.replace("http", scheme)) == STATUS


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, b'{"a": 1}'), "answered 503"),
        ((200, b"<html>"), "no JSON"),
        ((200, b'{"schema": "other"}'), "no status"),
        ((200, b"[]"), "no status"),
    ],
)
def test_an_answer_of_something_else_is_told(gateway, answer, said):
    url, answers = gateway
    answers["/v1/status"] = answer
    with pytest.raises(GatewayError, match=said):
        get_status(url)


def test_a_gateway_that_is_not_there_is_told():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(GatewayError, match="no gateway answers") as caught:
            get_status(url)
    assert caught.value.exit_code == 3


def test_what_is_no_address_is_refused():
    with pytest.raises(ConfigError):
        get_status("localhost")
