"""Ports of this machine under which a deployment is reached."""

from ledgerflux.adapters.sockets import free_port, is_free
from ledgerflux.errors import Conflict

PORTS_TRIED = 100


def take_port(asked: int | None, usual: int) -> int:
    """Return a port of this machine: that asked for (0: any), else the usual or the next free one.

    Raises:
        Conflict: The port asked for is taken (`port_in_use`).
    """
    if asked == 0:
        return free_port()
    if asked is not None:
        if not is_free(asked):
            raise Conflict(f"port {asked} is taken", code="port_in_use", try_next=["--port 0"])
        return asked
    nearby = range(usual, usual + PORTS_TRIED)
    return next((port for port in nearby if is_free(port)), 0) or free_port()
