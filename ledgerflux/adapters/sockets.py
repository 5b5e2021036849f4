"""TCP ports of this machine: which are free, and who holds one."""

import errno
import random
import socket

from ledgerflux.errors import ConfigError, Conflict, LedgerFluxError

_OWN_PORTS = (20_000, 32_000)
_TRIES = 50
_given: set[int] = set()
"""Ports that this process was told are free: who was told may not listen there yet."""
BACKLOG = 1024
"""How many the kernel holds until they are taken: a crowd that comes at once."""


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
    """Return a port that was free a moment ago, and that this process was not given before.

    From below the range that systems give to outgoing connections: one of those could
    take it before the server listens.
    """
    for _ in range(_TRIES):
        port = random.randrange(*_OWN_PORTS)  # noqa: S311 - no secret
        if port not in _given and is_free(port, host):
            _given.add(port)
            return port
    with _socket(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def listening_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens, without blocking; `port` 0 takes a free one.

    A `shared` port is one that `reserved_socket` holds: each of those who listen there is
    given some of the connections.

    Raises:
        Conflict: The port is taken (`port_in_use`).
        ConfigError: The address is none of this machine's.
    """
    listening = _bound(host, port, shared=shared)
    try:
        listening.setblocking(False)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _not_listening(host, port, error) from error
    return listening


def reserved_socket(host: str, port: int) -> socket.socket:
    """Return a socket that holds a port for those of this user who will share it.

    It takes no connection itself; `port` 0 takes a free one.

    Raises:
        Conflict: Somebody listens there (`port_in_use`).
        ConfigError: The address is none of this machine's, or its ports can't be shared.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise ConfigError("ports can't be shared on this system", code="bad_argument")
    with listening_socket(host, port) as alone:  # not beside others who share it already
        port = int(alone.getsockname()[1])
    return _bound(host, port, shared=True)


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    bound = _socket(host)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise _not_listening(host, port, error) from error
    return bound


def _not_listening(host: str, port: int, error: OSError) -> LedgerFluxError:
    """Return `error` of a server that could not listen as one that can be told."""
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        by = f" by {holder}" if holder else ""
        return Conflict(f"port {port} is in use{by}", code="port_in_use")
    return ConfigError(f"can't listen on {host}:{port}: {error}", code="bad_argument")


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)


def holder_of(port: int) -> str | None:
    """Return `name (pid N)` of the process that listens on `port`, None where not visible."""
    import psutil

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
