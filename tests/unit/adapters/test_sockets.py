import os
import socket

import psutil
import pytest

from ledgerflux.adapters.sockets import (
    bind_error,
    free_port,
    holder_of,
    is_free,
    listening_socket,
    reserved_socket,
)
from ledgerflux.errors import ConfigError, Conflict


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_not_free(taken):
    assert not is_free(taken)
    assert bind_error(taken) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
def test_a_free_port_is_free(host):
    try:
        port = free_port(host)
    except OSError:
        pytest.skip(f"no address {host} on this machine")
    assert is_free(port, host)


def test_no_port_is_given_twice(monkeypatch):
    drawn = iter([*[free_port()] * 3, *range(20_000, 32_000)])
    first = next(drawn)
    monkeypatch.setattr("random.randrange", lambda *_: next(drawn))
    assert is_free(first)
    assert free_port() != first


def test_a_port_with_lingering_connections_is_free():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    assert is_free(port)


def test_an_address_that_is_not_ours_is_an_error_not_a_taken_port():
    error = bind_error(8000, "192.0.2.1")
    assert error is not None
    assert not is_free(8000, "192.0.2.1")


def test_the_holder_of_a_port_is_named(taken):
    assert holder_of(taken) == f"{psutil.Process().name()} (pid {os.getpid()})"
    assert holder_of(1) is None


def connection(pid, port=7, status=psutil.CONN_LISTEN):
    address = type("Address", (), {"port": port})
    return type("Connection", (), {"pid": pid, "laddr": address, "status": status})


@pytest.mark.parametrize(
    "connections",
    [
        [],
        [connection(None)],
        [connection(2**22 + 1)],
        [connection(1, port=8), connection(1, status=psutil.CONN_ESTABLISHED)],
    ],
)
def test_a_holder_that_cannot_be_seen_is_none(monkeypatch, connections):
    monkeypatch.setattr(psutil, "net_connections", lambda **_: connections)
    assert holder_of(7) is None


def test_a_machine_that_hides_its_connections_hides_the_holder(monkeypatch):
    def denied(**_):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    assert holder_of(7) is None


def test_a_listening_socket_takes_a_free_port_and_says_why_it_can_not(taken):
    with listening_socket("127.0.0.1", 0) as listening:
        assert not is_free(listening.getsockname()[1])
    with pytest.raises(Conflict, match=f"port {taken} is in use") as caught:
        listening_socket("127.0.0.1", taken)
    assert caught.value.code == "port_in_use"
    with pytest.raises(ConfigError, match="can't listen on 192"):
        listening_socket("192.0.2.1", 0)


def test_several_listen_on_a_reserved_port_and_each_connection_is_taken_by_one():
    with reserved_socket("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with (
            listening_socket("127.0.0.1", port, shared=True) as first,
            listening_socket("127.0.0.1", port, shared=True) as second,
        ):
            callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
            taken = [_accepted(listening) for listening in (first, second)]
            for caller in callers:
                caller.close()
    assert sum(taken) == 40
    assert min(taken) > 0


def _accepted(listening):
    count = 0
    while True:
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def test_a_port_somebody_listens_on_is_not_reserved_shared_or_not():
    with reserved_socket("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with listening_socket("127.0.0.1", port, shared=True):
            for take in (reserved_socket, listening_socket):
                with pytest.raises(Conflict) as caught:
                    take("127.0.0.1", port)
                assert caught.value.code == "port_in_use"
        listening_socket("127.0.0.1", port, shared=True).close()


def test_where_ports_can_not_be_shared_that_is_said(monkeypatch):
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(ConfigError, match="can't be shared"):
        reserved_socket("127.0.0.1", 0)
