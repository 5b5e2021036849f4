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
    socket, as long as there is credit for one: `burst` sockets at once, one more every
    `refill_s`. So a hole in every session costs three reconnects in the first minute and one
    a minute after; without credit the product is subscribed again. The credit is the
    connection's own and outlives its sockets.
    """

    def __init__(
        self,
        *,
        spacing_s: float = 5.0,
        patience_s: float = 20.0,
        burst: int = 3,
        refill_s: float = 60.0,
    ) -> None:
        self._spacing_ns = int(spacing_s * NANOS)
        self._patience_ns = int(patience_s * NANOS)
        self._refill_ns = int(refill_s * NANOS)
        self._full_ns = self._refill_ns * burst
        self._credit_ns = self._full_ns
        self._credit_at_ns: int | None = None
        self._asked_ns: dict[str, int] = {}
        self._socket_asked_ns: int | None = None

    def connected(self) -> None:
        """A fresh socket subscribes everything: earlier steps are forgotten."""
        self._asked_ns.clear()
        self._socket_asked_ns = None

    def ask(self, product: str, now_ns: int) -> ResyncStep:
        """Return what to do about `product` at `now_ns` (monotonic), and remember it."""
        asked_ns = self._asked_ns.get(product)
        if asked_ns is None or now_ns - asked_ns >= self._patience_ns:
            self._asked_ns[product] = now_ns
            return ResyncStep.RESUBSCRIBE
        if now_ns - asked_ns < self._spacing_ns:
            return ResyncStep.WAIT
        step = self.ask_socket(now_ns)
        if step is ResyncStep.WAIT and self._socket_asked_ns is None:
            self._asked_ns[product] = now_ns
            return ResyncStep.RESUBSCRIBE
        return step

    def ask_socket(self, now_ns: int) -> ResyncStep:
        """Return whether the socket may be made anew now, which costs a credit, or WAIT.

        A socket asked for and not made within `spacing_s` is asked for again.
        """
        asked_ns = self._socket_asked_ns
        if asked_ns is not None and now_ns - asked_ns < self._spacing_ns:
            return ResyncStep.WAIT
        if self._credit_at_ns is not None:
            elapsed_ns = now_ns - self._credit_at_ns
            self._credit_ns = min(self._full_ns, self._credit_ns + elapsed_ns)
        self._credit_at_ns = now_ns
        if self._credit_ns < self._refill_ns:
            return ResyncStep.WAIT
        self._credit_ns -= self._refill_ns
        self._socket_asked_ns = now_ns
        return ResyncStep.RECONNECT
