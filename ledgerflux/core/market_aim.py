"""Whom a frame of the market reaches, worked out once for frames of one kind."""

from collections.abc import Mapping

from ledgerflux.core.dialect import Route
from ledgerflux.core.market_socket import Socket

ROUTES_MAX = 4096
Targets = list[tuple[Socket, frozenset[str] | None]]
"""Who gets frames of a route; with the products to cut it down to, None for the whole."""


class Aim:
    """The targets of routes among `sockets`; `forget` them when one asks for something else."""

    def __init__(self, sockets: Mapping[int, Socket]) -> None:
        self._sockets = sockets
        self._targets: dict[Route, Targets] = {}

    def forget(self) -> None:
        """Work everything out anew."""
        self._targets.clear()

    def targets(self, route: Route) -> Targets:
        """Return who gets frames of `route`."""
        known = self._targets.get(route)
        if known is not None:
            return known
        if len(self._targets) >= ROUTES_MAX:
            self._targets.clear()
        made = self._targets[route] = self._aim(route)
        return made

    def _aim(self, route: Route) -> Targets:
        targets: Targets = []
        for socket in self._sockets.values():
            if socket.leaving:
                continue
            if not route.products:
                if socket.listens(route.channels):
                    targets.append((socket, None))
                continue
            wanted = [p for p in route.products if socket.wants(route.channels, p)]
            if wanted:
                whole = len(wanted) == len(route.products)
                targets.append((socket, None if whole else frozenset(wanted)))
        return targets
