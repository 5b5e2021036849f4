"""Which services of the cluster get a port on this machine."""

from collections.abc import Callable

from ledgerflux.deploy.minikube.planning import Forward
from ledgerflux.deploy.minikube.wish import Wish
from ledgerflux.settings import DEFAULT_PORT

GATEWAY_PORT = 8000
PROMETHEUS_PORT = 9090
GRAFANA_PORT = 3000
_MONITORING = (("prometheus", PROMETHEUS_PORT), ("grafana", GRAFANA_PORT))


def forwards_of(
    wish: Wish, services: set[str], take: Callable[[int | None, int], int]
) -> list[Forward]:
    """Return a forward for the gateway and, where they are among `services`, for the others.

    `take` gives a port of this machine from what was asked for and what is usual.
    """
    forwards = [Forward("gateway", take(wish.port, DEFAULT_PORT), GATEWAY_PORT)]
    if wish.monitoring:
        forwards += [
            Forward(name, take(None, port), port) for name, port in _MONITORING if name in services
        ]
    return forwards
