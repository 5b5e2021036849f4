"""TCP ports of this machine: which are free, and who holds one."""

import random
import socket

import psutil

_OWN_PORTS = (20_000, 32_000)
_TRIES = 50


def bind_error(port: int, host: str = "127.0.0.1") -> OSError | None:
    """Return why a server could not listen on `port` now, None where it could."""
    try:
        with _socket(host) as probe:
            # As servers do: a port whose old connections still linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        return error
    return None


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on `port` now."""
    return bind_error(port, host) is None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that was free a moment ago.

    From below the range that systems give to outgoing connections: one of those could
    take it before the server listens.
    """
    for _ in range(_TRIES):
        port = random.randrange(*_OWN_PORTS)  # noqa: S311 - no secret
        if is_free(port, host):
            return port
    with _socket(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)


def holder_of(port: int) -> str | None:
    """Return `name (pid N)` of the process that listens on `port`, None where not visible."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or connection.laddr.port != port:
            continue
        if connection.pid is None:
            return None
        try:
            return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
        except psutil.NoSuchProcess:
            return None
    return None
