"""When a product is asked for again, and when its whole socket is made anew."""

from enum import Enum

NANOS = 1_000_000_000


class ResyncStep(Enum):
    """What to do about a product whose book is not believed."""

    WAIT = "wait"
    """A step was taken a moment ago: give it time."""
    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


class ResyncPolicy:
    """At most one step in `spacing_s` for a product; a socket only when resubscribing failed.

    A product that needs help again within `patience_s` of its resubscription gets a new
    socket; sockets are made anew at most once in `reconnect_s`, and until then the product
    is subscribed again.
    """

    def __init__(
        self, *, spacing_s: float = 5.0, patience_s: float = 20.0, reconnect_s: float = 20.0
    ) -> None:
        self._spacing_ns = int(spacing_s * NANOS)
        self._patience_ns = int(patience_s * NANOS)
        self._reconnect_ns = int(reconnect_s * NANOS)
        self._asked_ns: dict[str, int] = {}
        self._reconnected_ns: int | None = None
        self._socket_asked = False

    def connected(self, now_ns: int) -> None:
        """A fresh socket subscribes everything: earlier steps are forgotten."""
        self._asked_ns.clear()
        self._reconnected_ns = now_ns
        self._socket_asked = False

    def ask(self, product: str, now_ns: int) -> ResyncStep:
        """Return what to do about `product` now, and remember it."""
        asked_ns = self._asked_ns.get(product)
        if asked_ns is None or now_ns - asked_ns >= self._patience_ns:
            self._asked_ns[product] = now_ns
            return ResyncStep.RESUBSCRIBE
        if now_ns - asked_ns < self._spacing_ns:
            return ResyncStep.WAIT
        since = self._reconnected_ns
        if since is None or now_ns - since >= self._reconnect_ns:
            self._reconnected_ns = now_ns
            self._socket_asked = True
            return ResyncStep.RECONNECT
        if self._socket_asked:
            return ResyncStep.WAIT
        self._asked_ns[product] = now_ns
        return ResyncStep.RESUBSCRIBE
