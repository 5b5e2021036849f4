import socket
import threading
from contextlib import contextmanager

import pytest

from ledgerflux.bench.gateway.reading import MARKER
from ledgerflux.bench.gateway.sink import Sink, Speech, masked
from ledgerflux.errors import StackError

SPEECH = Speech("/path", (b"hello",), b"ready")
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


@contextmanager
def server(*pieces, answer=SWITCH):
    """Yield the port of a server that answers each client with `pieces`, and what it heard."""
    heard = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            kept.append(client)
            heard.append(client.recv(4096))
            client.sendall(answer)
            for piece in pieces:
                client.sendall(piece)

    kept = []
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], heard
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for client in kept:
            client.close()


def soon(seconds=5.0):
    import time

    return time.monotonic() + seconds


def test_all_clients_are_counted_and_some_are_kept_in_full():
    with server(b"ready", MARKER, MARKER) as (port, heard), Sink(port, SPEECH) as sink:
        clients = sink.connect(3, sample_every=2)
        assert sink.read_until(lambda: sum(c.counter.count for c in clients) == 6, soon())
        assert [client.sampled for client in clients] == [True, False, True]
        assert all(request.startswith(b"GET /path HTTP/1.1\r\n") for request in heard)
        assert not any(b"deflate" in request for request in heard)
        sink.begin(0.1)
        assert sink.total == 0
        assert not sink.read_until(lambda: sink.total > 0, soon(0.0))


def test_deflate_is_offered_where_asked_for():
    with server(b"ready") as (port, heard), Sink(port, SPEECH, deflate=True) as sink:
        sink.connect(1, sample_every=1)
        assert b"Sec-WebSocket-Extensions: permessage-deflate\r\n" in heard[0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [(b"HTTP/1.1 503 Full\r\n\r\n", "503 Full"), (b"", "timed out|hung up")],
)
def test_a_server_that_refuses_is_told(answer, why, monkeypatch):
    monkeypatch.setattr("ledgerflux.bench.gateway.sink.HANDSHAKE_S", 0.2)
    with (
        server(answer=answer) as (port, _),
        Sink(port, SPEECH) as sink,
        pytest.raises(StackError, match=why),
    ):
        sink.connect(1, sample_every=1)


def test_clients_that_are_never_subscribed_are_told(monkeypatch):
    monkeypatch.setattr("ledgerflux.bench.gateway.sink.HANDSHAKE_S", 0.2)
    with (
        server(b"welcome") as (port, _),
        Sink(port, SPEECH) as sink,
        pytest.raises(StackError, match="not all of 2"),
    ):
        sink.connect(2, sample_every=1)


@pytest.mark.parametrize("size", [0, 125, 126, 60_000])
def test_what_a_client_says_is_a_masked_frame(size):
    from websockets.frames import Frame, Opcode

    for binary, opcode in ((False, Opcode.TEXT), (True, Opcode.BINARY)):
        reader = iter_of(masked(b"x" * size, binary=binary))
        parsing = Frame.parse(reader, mask=True)
        frame = run(parsing)
        assert (frame.opcode, frame.data) == (opcode, b"x" * size)


def iter_of(data):
    def read_exact(count):
        nonlocal data
        found, data = data[:count], data[count:]
        return found
        yield

    return read_exact


def run(generator):
    try:
        while True:
            next(generator)
    except StopIteration as done:
        return done.value
